//go:build !js

package peer

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation/trace"
)

// Chat is valid UTF-8, whatever Say is given.
func TestChatIsText(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, b := w.connected()
		if err := a.peer.Say("", "caf\xe9"); err != nil {
			t.Fatal(err)
		}
		b.await("it hears it", func() bool { return b.count(trace.ChatReceived) == 1 })
		a.await("it has said it", func() bool { return a.count(trace.ChatSent) == 1 })
		for _, line := range append(b.details(trace.ChatReceived), a.details(trace.ChatSent)...) {
			if line != "caf\ufffd" {
				t.Errorf("it is %q", line)
			}
		}
	})
}

// Senders that are faster than the reader wait, and nothing is lost.
func TestChatWaitsForItsReader(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, b := w.connected()
		reads := make(chan struct{})
		b.onTrace(trace.ChatReceived, func() { <-reads })

		const speakers, each, size = 4, 32, 60 << 10
		var said sync.WaitGroup
		for speaker := range speakers {
			said.Go(func() {
				for i := range each {
					if err := a.peer.Say("", fmt.Sprint(speaker, " ", i, " ", strings.Repeat("x", size))); err != nil {
						t.Error(err)
					}
				}
			})
		}
		time.Sleep(drainTimeout / 2)
		b.peer.mu.Lock()
		waiting := len(b.peer.queue)
		b.peer.mu.Unlock()
		if most := maxUnread/size + 10; waiting > most {
			t.Errorf("%d things wait to be read, more than %d", waiting, most)
		}
		close(reads)
		said.Wait()
		b.await("it hears all", func() bool { return b.count(trace.ChatReceived) == speakers*each })
		var next [speakers]int
		for _, line := range b.details(trace.ChatReceived) {
			var speaker, i int
			if _, err := fmt.Sscan(line, &speaker, &i); err != nil || i != next[speaker] {
				t.Fatalf("it hears %.10q where %d was due", line, next[speaker])
			}
			next[speaker]++
		}
	})
}

// A peer that does not read delays no chat to the others.
func TestOneWhoDoesNotRead(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, b := w.connected()
		c := w.peer("c")
		a.await("its channels are open", func() bool { return a.count(trace.ChannelOpened) == 4 })
		reads := make(chan struct{})
		c.onTrace(trace.ChatReceived, func() { <-reads })

		const lines = 100
		begin := time.Now()
		for range lines {
			heard := b.count(trace.ChatReceived)
			if err := a.peer.Say("", strings.Repeat("x", 60<<10)); err != nil {
				t.Fatal(err)
			}
			b.await("it hears it", func() bool { return b.count(trace.ChatReceived) == heard+1 })
		}
		if took := time.Since(begin); took > 2*drainTimeout {
			t.Errorf("it takes %s to say all", took)
		}
		missed := a.count(trace.ChatNotSent)
		for _, e := range a.events {
			if e.Kind == trace.ChatNotSent && e.Peer != c.id {
				t.Errorf("it was told: %s", e)
			}
		}
		close(reads)
		c.await("it hears the rest", func() bool { return c.count(trace.ChatReceived) == lines-missed })
		if missed == 0 {
			t.Error("nobody had to wait")
		}
		w.talk(a, c)
	})
}

// Unread chat does not keep the Peer from closing.
func TestCloseWithUnreadChat(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, b := w.connected()
		reads := make(chan struct{})
		b.onTrace(trace.ChatReceived, func() { <-reads })
		for range 2 * maxUnread >> 16 {
			if err := a.peer.Say("", strings.Repeat("x", 60<<10)); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(time.Second)
		b.peer.Close()
		close(reads)
		<-b.peer.Done()
	})
}

// channel opens another channel to the peer with this id.
func (m *member) channel(to, label string) *webrtc.DataChannel {
	m.w.t.Helper()
	var dc *webrtc.DataChannel
	mine := m.peer.remotes[to].pairing
	if err := mine.session.Do(func() (err error) {
		dc, err = mine.pc.CreateDataChannel(label, nil)
		return err
	}); err != nil {
		m.w.t.Fatal(err)
	}
	return dc
}

// Nothing is kept of channels that the other side opens and closes.
func TestClosedChannelsAreForgotten(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, b := w.connected()
		for n := 1; n <= 10; n++ {
			dc := b.channel(a.id, "another")
			a.await("it opens", func() bool { return a.count(trace.ChannelOpened) == 2+n })
			_ = dc.Close()
			a.await("it closes", func() bool { return a.count(trace.ChannelClosed) == n })
		}
		if n := len(a.peer.remotes[b.id].pairing.channels); n != 2 {
			t.Errorf("%d channels are kept", n)
		}
		w.talk(a, b)
	})
}

// Channels beyond the limit are closed, and there is room again once others are
// closed. If it goes on, the connection ends.
func TestTooManyChannels(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, b := w.connected()
		const refused = 50
		first, closed := b.channel(a.id, "another"), make(chan struct{}, refused)
		for range maxChannels - 3 {
			b.channel(a.id, "another")
		}
		a.await("as many are open as may be", func() bool { return a.count(trace.ChannelOpened) == maxChannels })
		for range refused {
			b.channel(a.id, "another").OnClose(func() { closed <- struct{}{} })
		}
		b.await("the others are closed", func() bool { return len(closed) == refused })
		_ = first.Close()
		a.await("it closes", func() bool { return a.count(trace.ChannelClosed) == 1 })
		b.channel(a.id, "another")
		a.await("another one opens", func() bool { return a.count(trace.ChannelOpened) == maxChannels+1 })
		if n := a.count(trace.MessageRefused); n != 1 {
			t.Errorf("it is told %d times", n)
		}
		w.talk(a, b)
		for range maxCrowd - refused {
			b.channel(a.id, "another")
		}
		a.await("it ends the pairing", func() bool { return a.count(trace.Unpaired) == 1 })
		b.await("it is connected anew", func() bool { return b.count(trace.Connected) == 2 })
	})
}

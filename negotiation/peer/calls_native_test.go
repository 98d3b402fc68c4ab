//go:build !js

package peer

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"perfect-negotiation/negotiation/trace"
)

// diary keeps what the functions of a Config are called with.
type diary struct {
	mu    sync.Mutex
	lines []string
}

func (d *diary) write(format string, args ...any) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lines = append(d.lines, fmt.Sprintf(format, args...))
}

func (d *diary) read() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.lines)
}

// keep has the functions of a Config write into the diary.
func (d *diary) keep(_ *member, c *Config) {
	c.OnConnect = func(_ *Peer, id string) { d.write("%s comes", id) }
	c.OnDisconnect = func(_ *Peer, id string) { d.write("%s goes", id) }
	c.OnMessage = func(_ *Peer, from string, m Message) { d.write("%s: %s, text %t", from, m, m.Text) }
}

// The functions are called in order: a peer comes once, whatever channels open, its
// messages follow as it sent them, and it goes. An interruption does not count, and a
// new connection does.
func TestCallsAreInOrder(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		var d diary
		a := w.peer("a", d.keep)
		b := w.peer("b", func(_ *member, c *Config) {
			c.OnConnect = func(p *Peer, id string) {
				for n := range 3 {
					if err := p.Say(id, fmt.Sprint(n)); err != nil {
						t.Error(err)
					}
				}
			}
		})
		life := []string{"b comes", "b: 0, text true", "b: 1, text true", "b: 2, text true"}
		a.await("it hears b", func() bool { return len(d.read()) == len(life) })
		a.offline()
		a.online()
		w.down.Store(true)
		a.await("it is disconnected", func() bool { return slices.Contains(a.codes(trace.ConnectionState), "disconnected") })
		w.down.Store(false)
		a.await("it is connected again", func() bool { return a.count(trace.Connected) == 2 })
		b.peer.enqueue(func() { b.peer.remotes["a"].renew(trace.Wedged) })
		lives := slices.Concat(life, []string{"b goes"}, life)
		a.await("it hears b once more", func() bool { return len(d.read()) == len(lives) })
		a.peer.Close()
		<-a.peer.Done()
		if lines := d.read(); !slices.Equal(lines, append(lives, "b goes")) {
			t.Errorf("%q\n%s", lines, a.log())
		}
	})
}

// A function that blocks delays nothing but the other calls for its peer. Done waits for
// it.
func TestACallBlocks(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		goOn := make(chan struct{})
		var d diary
		a := w.peer("a", d.keep, func(_ *member, c *Config) {
			c.OnMessage = func(_ *Peer, from string, m Message) {
				if from == "b" {
					<-goOn
				}
				d.write("%s: %s", from, m)
			}
		})
		b, c := w.peer("b"), w.peer("c")
		heard := func(from string) func() bool {
			return func() bool { return slices.Contains(d.read(), from+": hello") }
		}
		for _, m := range []*member{b, c} {
			m.await("it is connected", func() bool { return m.peer.Say("a", "hello") == nil })
		}
		a.await("c is heard", heard("c"))
		a.peer.Close()
		time.Sleep(time.Hour)
		select {
		case <-a.peer.Done():
			t.Error("it ended while it was called")
		default:
		}
		if heard("b")() {
			t.Error("b is heard while the call blocks")
		}
		close(goOn)
		<-a.peer.Done()
		lines := slices.DeleteFunc(d.read(), func(line string) bool { return !strings.HasPrefix(line, "b") })
		if !slices.Equal(lines, []string{"b comes", "b: hello", "b goes"}) {
			t.Errorf("%q", lines)
		}
	})
}

// A peer that is not heard is slowed: what waits is bounded.
func TestUnheardMessagesAreBounded(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		goOn := make(chan struct{})
		var d diary
		a := w.peer("a", func(_ *member, c *Config) {
			c.OnMessage = func(_ *Peer, _ string, m Message) {
				<-goOn
				d.write("%d bytes", len(m.Data))
			}
		})
		b := w.peer("b")
		line := strings.Repeat("x", 60_000)
		b.await("it is connected", func() bool { return b.peer.Say("", "first") == nil })
		sent := 1
		for b.peer.Say("", line) == nil { // until it has waited for 10 s
			sent++
		}
		waiting := make(chan int)
		a.peer.enqueue(func() {
			a.peer.calls.mu.Lock()
			defer a.peer.calls.mu.Unlock()
			waiting <- len(a.peer.calls.waiting["b"])
		})
		if n := <-waiting; n > maxUnread/len(line)+1 || sent < n {
			t.Errorf("%d of %d messages wait for a call", n, sent)
		}
		close(goOn)
		a.await("all is heard", func() bool { return len(d.read()) >= sent })
	})
}

// Peers tells who is there, and may be called at any time, by anyone.
func TestPeers(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a := w.peer("a")
		if list := a.peer.Peers(); len(list) != 0 {
			t.Errorf("before any came: %+v", list)
		}
		b := w.peer("b")
		w.peer("c", func(_ *member, c *Config) { c.Rank = new(RankChromium) })
		is := func(list []Status) string {
			var said []string
			for _, s := range list {
				said = append(said, fmt.Sprintf("%s %s %s %d", s.ID, s.Role, s.State, s.Channels))
			}
			return strings.Join(said, ", ")
		}
		const want = "b polite connected 2, c polite connected 2"
		a.await("both are connected", func() bool { return is(a.peer.Peers()) == want })
		b.peer.Close()
		<-b.peer.Done()
		synctest.Wait()
		if got := is(a.peer.Peers()); got != "c polite connected 2" {
			t.Errorf("after b left: %s", got)
		}
	})
}

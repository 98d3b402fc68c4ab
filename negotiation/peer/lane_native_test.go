//go:build !js

package peer

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/semaphore"

	"perfect-negotiation/negotiation/replay"
	"perfect-negotiation/negotiation/signaling"
	"perfect-negotiation/negotiation/trace"
)

// lines are what the other sides have told.
type lines struct {
	mu   sync.Mutex
	list []trace.Line
}

// tells makes a member exchange traces.
func (l *lines) tells(_ *member, c *Config) {
	c.OnRemoteTrace = func(_ string, line trace.Line) {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.list = append(l.list, line)
	}
}

func (l *lines) all() []trace.Line {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.list)
}

// both makes a pair that exchange traces, and returns what each has received.
func (w *world) both() (a, b *member, byA, byB *lines) {
	w.t.Helper()
	byA, byB = &lines{}, &lines{}
	a, b = w.peer("a", byA.tells), w.peer("b", byB.tells)
	for _, m := range []*member{a, b} {
		m.await("two channels are open", func() bool { return m.count(trace.ChannelOpened) == 2 })
	}
	return a, b, byA, byB
}

var sameError = cmp.Comparer(func(a, b error) bool {
	return (a == nil) == (b == nil) && (a == nil || a.Error() == b.Error())
})

// TestLanes has two peers meet, collide and chat: each hears from the other the trace of
// the pairing, from its beginning on, and it is what the other traced.
func TestLanes(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, b, byA, byB := w.both()
		offers := a.count(trace.OfferSending) + b.count(trace.OfferSending)
		time.Sleep(time.Minute)
		if n := a.count(trace.OfferSending) + b.count(trace.OfferSending); n != offers {
			t.Errorf("the trace needed %d offers of its own", n-offers)
		}
		for range 3 {
			a.peer.Renegotiate()
			b.peer.Renegotiate()
			time.Sleep(time.Second)
		}
		w.talk(a, b)
		b.disconnected()
		b.online()
		time.Sleep(time.Second)

		for _, pair := range []struct {
			from  *member
			to    string
			heard []trace.Line
		}{{a, "b", byB.all()}, {b, "a", byA.all()}} {
			var told []trace.Line
			for _, e := range pair.from.story() {
				paired := len(told) > 0 || e.Kind == trace.Paired
				relay := e.Kind == trace.RelayConnected || e.Kind == trace.RelayLost
				if !paired || e.Peer == "" && !relay || strings.HasPrefix(string(e.Kind), "chat-") {
					continue
				}
				if relay {
					e.Err, e.Detail = nil, ""
					e.Role = told[0].Event.Role
				}
				e.Peer, e.Life, e.SDP = pair.from.id, 1, ""
				e.Time, e.Next = e.Time.Truncate(time.Microsecond), e.Next.Truncate(time.Microsecond)
				told = append(told, trace.Line{Event: e, Side: trace.There, Level: e.Level(), Text: e.String()})
			}
			if diff := cmp.Diff(told, pair.heard, sameError); diff != "" {
				t.Errorf("of %s is heard otherwise (-told +heard):\n%s", pair.from.id, diff)
			}
			if n := pair.from.count(trace.ChannelOpened); n != 2 {
				t.Errorf("%d channels have opened", n)
			}
			if n := len(pair.from.peer.remotes[pair.to].pairing.channels); n != 2 {
				t.Errorf("%d channels are for chat", n)
			}
		}
	})
}

// A peer that does not announce traces, or is older, is sent none and sees no channel.
func TestNoLane(t *testing.T) {
	for name, older := range map[string]func(*world){
		"the other side does not want it": func(*world) {},
		"the relay takes the field away": func(w *world) {
			w.on(func(_, _ string, e *signaling.Envelope) bool {
				if e.Hello != nil {
					e.Hello.Trace = false
				}
				return true
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				older(w)
				var byA, byB lines
				a := w.peer("a", byA.tells)
				b := w.peer("b", func(m *member, c *Config) {
					if name != "the other side does not want it" {
						byB.tells(m, c)
					}
				})
				b.await("two channels are open", func() bool { return b.count(trace.ChannelOpened) == 2 })
				time.Sleep(time.Minute)
				if a.peer.remotes["b"].pairing.lane != nil || len(byA.all())+len(byB.all()) > 0 {
					t.Error("there is a lane")
				}
				if labels := append(a.details(trace.ChannelOpened), b.details(trace.ChannelOpened)...); slices.Contains(labels, laneLabel) {
					t.Errorf("the channels are %q", labels)
				}
				// Then it is a channel like any other.
				b.channel(a.id, laneLabel)
				a.await("it opens", func() bool { return slices.Contains(a.details(trace.ChannelOpened), laneLabel) })
				w.talk(a, b)
			})
		})
	}
}

// A peer that misuses the channel loses it, and nothing else.
func TestHostileLane(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, b, byA, _ := w.both()
		a.await("the lanes are open", func() bool { return len(byA.all()) > 0 })
		dc := b.peer.remotes[a.id].pairing.lane.channel
		forged := trace.Line{
			Event: trace.Event{N: 1, Peer: "c", Life: 99, Role: "polite", Kind: trace.Connected, SDP: "v=0"},
			Side:  trace.Here, Level: trace.LevelError, Text: "\x1b[31mforged",
		}
		if err := dc.SendText(string(forged.Append(nil))); err != nil {
			t.Fatal(err)
		}
		is := func(e trace.Line) bool { return e.Event.N == 1 }
		a.await("it comes", func() bool { return slices.ContainsFunc(byA.all(), is) })
		line := byA.all()[slices.IndexFunc(byA.all(), is)]
		if diff := cmp.Diff(trace.Line{
			Event: trace.Event{N: 1, Peer: "b", Life: 1, Role: "polite", Kind: trace.Connected},
			Side:  trace.There, Level: trace.Event{Kind: trace.Connected}.Level(), Text: "[POLITE] ✓ Peer connection connected!",
		}, line); diff != "" {
			t.Errorf("it is taken as it is (-want +got):\n%s", diff)
		}

		if err := dc.SendText(`{"pn":"event","kind":`); err != nil {
			t.Fatal(err)
		}
		a.await("it is refused", func() bool { return a.count(trace.MessageRefused) == 1 })
		before := len(byA.all())
		_ = dc.SendText(string(forged.Append(nil)))
		b.peer.Renegotiate()
		time.Sleep(time.Second)
		if n := len(byA.all()); n != before {
			t.Errorf("%d more lines were taken", n-before)
		}

		second := b.channel(a.id, laneLabel) // where the polite one opens it
		closed := make(chan struct{})
		second.OnClose(func() { close(closed) })
		<-closed
		if n := len(a.peer.remotes["b"].pairing.channels); n != 2 {
			t.Errorf("%d channels are for chat", n)
		}
		w.talk(a, b)
	})
}

func TestHeard(t *testing.T) {
	good := string(trace.LineOf(trace.Event{N: 7, Kind: trace.Connected}).Append(nil))
	for name, row := range map[string]struct {
		data  string
		text  bool
		lines int
		bad   string
	}{
		"one":                 {good, true, 1, ""},
		"two":                 {good + "\n" + good, true, 2, ""},
		"of tomorrow":         {`{"pn":"event","side":"here","kind":"new","level":"info","text":"a\u001bb","more":{}}`, true, 1, ""},
		"binary":              {good, false, 0, "not text"},
		"too long":            {strings.Repeat(good+"\n", maxLaneText/len(good)+1), true, 0, "too long"},
		"a line too long":     {`{"pn":"event","side":"here","kind":"new","level":"info","text":"` + strings.Repeat("x", maxLaneLine) + `"}`, true, 0, "a line of it is too long"},
		"an empty line":       {good + "\n", true, 0, "not an event"},
		"good and bad":        {good + "\n{}", true, 0, "not an event"},
		"a number of no side": {`{"pn":"event","side":"here","kind":"new","level":"info","n":-1}`, true, 0, "n cannot be"},
	} {
		list, err := heard([]byte(row.data), row.text)
		switch {
		case row.bad == "" && (err != nil || len(list) != row.lines):
			t.Errorf("%s: %d lines, %v", name, len(list), err)
		case row.bad != "" && (!errors.Is(err, errLane) || !strings.Contains(err.Error(), row.bad)):
			t.Errorf("%s: %v", name, err)
		}
		for _, l := range list {
			if l.Text != trace.Printable(l.Text) {
				t.Errorf("%s: %q commands a terminal", name, l.Text)
			}
		}
	}
}

// The trace of a peer that floods is taken up to a limit, and the gap is marked.
func TestLaneFlood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got []trace.Line
		self := &Peer{wake: make(chan struct{}, 1), config: Config{OnRemoteTrace: func(_ string, l trace.Line) { got = append(got, l) }}}
		r := &remote{peer: self, id: "b"}
		p := &pairing{remote: r, life: 1, unread: semaphore.NewWeighted(maxUnread)}
		r.pairing, p.lane = p, &lane{p: p}
		hear := p.lane.hear(nil)
		message := bytes.TrimSuffix(bytes.Repeat(append(trace.LineOf(trace.Event{N: 7, Kind: trace.Connected}).Append(nil), '\n'), 100), []byte{'\n'})
		work := func() (taken, lost int) {
			for _, f := range self.queue {
				f()
			}
			for _, l := range got {
				if l.Event.Kind == trace.EventsLost {
					n, _ := strconv.Atoi(l.Event.Detail)
					lost += n
				} else {
					taken++
				}
			}
			self.queue, got = nil, nil
			return taken, lost
		}
		const sent = 1000
		for range sent {
			hear(message, true)
		}
		taken, _ := work()
		if most := 100 * (laneBurst / len(message)); taken == 0 || taken > most {
			t.Errorf("%d lines are taken at once, of %d that may be", taken, most)
		}
		time.Sleep(time.Second)
		hear(message, true)
		if more, lost := work(); more != 100 || taken+lost != 100*sent {
			t.Errorf("%d more lines are taken; %d were, and %d are said to be lost", more, taken, lost)
		}
	})
}

// If too much waits to be sent, the rest is dropped and the gap is marked.
func TestLaneGap(t *testing.T) {
	l := &lane{p: &pairing{remote: &remote{}}}
	const events = 1000
	tell := func(n int) {
		l.tell(trace.Event{N: uint64(n), Kind: trace.Connected, Peer: "b", SDP: "v=0"})
	}
	for n := 1; n <= events; n++ {
		tell(n)
	}
	l.tell(trace.Event{Kind: trace.Failed, Detail: strings.Repeat("x", maxLaneLine)})
	l.tell(trace.Event{Kind: trace.ChatSent, Detail: "a secret"})
	if n := len(l.waiting); n > maxWaiting || n < maxWaiting-maxLaneLine {
		t.Errorf("%d bytes wait", n)
	}
	kept := bytes.Count(l.waiting, []byte{'\n'})
	l.waiting = l.waiting[:0] // it is sent
	tell(events + 1)
	list, err := heard(bytes.TrimSuffix(l.waiting, []byte{'\n'}), true)
	if err != nil || len(list) != 2 {
		t.Fatalf("%d lines, %v: %s", len(list), err, l.waiting)
	}
	if want := fmt.Sprint(events + 1 - kept); list[0].Event.Kind != trace.EventsLost || list[0].Event.Detail != want {
		t.Errorf("the gap is %+v, not %s", list[0], want)
	}
	if list[1].Event.N != events+1 {
		t.Errorf("it is followed by %+v", list[1])
	}
}

// A replay of the recorded inputs of a pairing makes the same decisions.
func TestPeersReplayed(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		inputs := map[string]*[]trace.Input{"a": {}, "b": {}} // each is written on the goroutine of its Peer
		records := func(m *member, c *Config) {
			list := inputs[m.id]
			c.OnInput = func(in trace.Input) { *list = append(*list, in) }
		}
		a, b := w.peer("a", records), w.peer("b", records)
		for _, m := range []*member{a, b} {
			m.await("two channels are open", func() bool { return m.count(trace.ChannelOpened) == 2 })
		}
		a.peer.Collide("", 2)
		time.Sleep(10 * time.Second)
		b.peer.RestartICE()
		time.Sleep(10 * time.Second)
		synctest.Wait()
		for _, m := range []*member{a, b} {
			if same, err := replay.Run(*inputs[m.id], m.story()); err != nil || same < 20 {
				t.Errorf("%s: %d decisions are the same: %v", m.id, same, err)
			}
		}
	})
}

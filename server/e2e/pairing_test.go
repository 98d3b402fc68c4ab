package e2e

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"perfect-negotiation/negotiation/trace"
)

// couple makes two participants in one room: first the polite one.
type couple struct {
	name string
	make func(w *world) (polite, impolite participant)
}

func couples() []couple {
	return []couple{
		{"tab and tab", func(w *world) (participant, participant) {
			return w.tab("/polite"), w.tab("/impolite")
		}},
		{"native polite, tab impolite", func(w *world) (participant, participant) {
			return w.native(demoRoom, "polite", false), w.tab("/impolite")
		}},
		{"tab polite, native impolite", func(w *world) (participant, participant) {
			return w.tab("/polite"), w.native(demoRoom, "impolite", false)
		}},
		{"native and native", func(w *world) (participant, participant) {
			return w.native(demoRoom, "polite", false), w.native(demoRoom, "impolite", false)
		}},
	}
}

// both does something with two participants at once.
func both(a, b participant, f func(participant)) {
	var wg sync.WaitGroup
	wg.Go(func() { f(a) })
	wg.Go(func() { f(b) })
	wg.Wait()
}

func awaitChannels(t *testing.T, n int, who ...participant) {
	t.Helper()
	for _, p := range who {
		await(t, fmt.Sprintf("%d data channels are open", n), func() bool { return p.count(trace.ChannelOpened) >= n }, who...)
		await(t, "it says that it is connected", func() bool { return p.count(trace.Connected) > 0 }, who...)
	}
}

func nothingSurfaced(t *testing.T, who ...participant) {
	t.Helper()
	for i, p := range who {
		if lines := p.surfaced(); len(lines) > 0 {
			t.Errorf("participant %d surfaced %q\n%s", i, lines, p.log())
		}
	}
}

// TestConnect connects from one side, after which the other renegotiates, or from
// both at once. Then both renegotiate, and then offers are made to collide: each side
// presses 20 times, ten of them in hidden tabs, and once for ten. Opening a page is slow,
// so everything about one connection is tested here.
func TestConnect(t *testing.T) {
	t.Parallel()
	for _, c := range couples() {
		for _, from := range []string{"polite", "impolite", "both at once"} {
			t.Run(c.name+", from "+from, func(t *testing.T) {
				t.Parallel()
				polite, impolite := c.make(newWorld(t))
				switch from {
				case "polite":
					polite.connect()
					awaitChannels(t, 1, polite, impolite)
					renegotiate(t, impolite, polite)
					collide(t, polite, impolite, 10)
				case "impolite":
					impolite.connect()
					awaitChannels(t, 1, polite, impolite)
					renegotiate(t, polite, impolite)
					both(polite, impolite, hide)
					collide(t, polite, impolite, 10)
				default:
					both(polite, impolite, participant.connect)
					awaitChannels(t, 2, polite, impolite)
					renegotiateAtOnce(t, polite, impolite, 50)
					collide(t, polite, impolite, 1)
				}
				chat(t, polite, impolite)
			})
		}
	}
}

// renegotiate has one side renegotiate a few times.
func renegotiate(t *testing.T, side, other participant) {
	t.Helper()
	answered := side.count(trace.AnswerReceived)
	for n := range 3 {
		side.renegotiate()
		await(t, "its offer is answered", func() bool { return side.count(trace.AnswerReceived) > answered+n }, side, other)
	}
	nothingSurfaced(t, side, other)
}

// renegotiateAtOnce has both sides force an offer, round after round, and checks that
// each request was met and that offers did collide.
func renegotiateAtOnce(t *testing.T, polite, impolite participant, rounds int) {
	t.Helper()
	answered := func(p participant) int { return p.count(trace.AnswerReceived) }
	before := map[participant]int{polite: answered(polite), impolite: answered(impolite)}
	for round := 1; round <= rounds; round++ {
		both(polite, impolite, participant.renegotiate)
		for _, p := range []participant{polite, impolite} {
			await(t, fmt.Sprintf("renegotiation %d is complete", round), func() bool { return answered(p) >= before[p]+round }, polite, impolite)
		}
	}
	rollbacks, ignored := polite.count(trace.CollisionRollback), impolite.count(trace.CollisionIgnored)
	t.Logf("%d rounds: %d rollbacks, %d ignored offers", rounds, rollbacks, ignored)
	if rollbacks == 0 || ignored == 0 {
		t.Errorf("%d rollbacks and %d ignored offers: nothing collided", rollbacks, ignored)
	}
	if n := impolite.count(trace.CollisionRollback) + polite.count(trace.CollisionIgnored); n != 0 {
		t.Errorf("%d times the impolite peer rolled back or the polite one ignored an offer", n)
	}
	nothingSurfaced(t, polite, impolite)
}

// chat has both sides say 100 lines at once, which arrive in order.
func chat(t *testing.T, a, b participant) {
	t.Helper()
	var want []string
	for n := range 100 {
		want = append(want, fmt.Sprint("line ", n))
	}
	both(a, b, func(p participant) { p.say(want...) })
	for _, p := range []participant{a, b} {
		await(t, "all lines are here", func() bool { return len(p.received()) >= len(want) }, a, b)
		if got := p.received(); !slices.Equal(got, want) {
			t.Errorf("lines are out of order: %q", got)
		}
	}
	nothingSurfaced(t, a, b)
}

// Without roles the ranks decide, and peers connect as they meet, both at once.
func TestMeetInARoom(t *testing.T) {
	t.Parallel()
	t.Run("tab and native", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		n := w.native("meeting", "", true)
		b := w.tab("/r/meeting")
		awaitChannels(t, 2, n, b)
		if role := b.text(`document.querySelector("#role").textContent`); n.role != "polite" || role != "impolite" {
			t.Errorf("native is %s, the tab is %s", n.role, role)
		}
		if n.count(trace.SourceSame) == 0 || b.count(trace.SourceSame) == 0 {
			t.Error("they do not say that they run the identical source")
		}
		renegotiateAtOnce(t, n, b, 50)
		chat(t, n, b)
		reload(t, n, b)
	})
	t.Run("tab and tab", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		a, b := w.tab("/r/meeting"), w.tab("/r/meeting")
		awaitChannels(t, 2, a, b)
		chat(t, a, b)
		reload(t, a, b)
	})
	t.Run("tab and a native peer that does not connect", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		n, b := w.native("meeting", "", false), w.tab("/r/meeting")
		awaitChannels(t, 1, n, b)
		renegotiate(t, n, b)
		n.connect()
		awaitChannels(t, 2, n, b)
	})
	t.Run("one native peer connects", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		a, b := w.native("meeting", "", false), w.native("meeting", "", true)
		awaitChannels(t, 1, a, b)
		renegotiate(t, a, b)
	})
	t.Run("native and native", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		a, b := w.native("meeting", "", true), w.native("meeting", "", true)
		awaitChannels(t, 2, a, b)
		chat(t, a, b)
	})
}

func TestReload(t *testing.T) {
	t.Parallel()
	for _, c := range couples()[:3] {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			polite, impolite := c.make(newWorld(t))
			both(polite, impolite, participant.connect)
			awaitChannels(t, 2, polite, impolite)
			if b, ok := impolite.(*tab); ok {
				reload(t, polite, b)
				impolite.connect() // the reload lost its request to connect
			}
			if b, ok := polite.(*tab); ok {
				reload(t, impolite, b)
			}
		})
	}
}

// silence stops the page from saying bye.
const silence = `addEventListener("pagehide", (event) => event.stopImmediatePropagation(), true)`

// reload reloads the page of one side repeatedly.
func reload(t *testing.T, stays participant, leaves *tab) {
	t.Helper()
	for n := 1; n <= 3; n++ {
		if n == 2 {
			leaves.eval(silence, nil)
		}
		opened := stays.count(trace.ChannelOpened)
		leaves.again()
		within(t, 3*time.Second, "they are paired again", func() bool {
			return stays.count(trace.ChannelOpened) > opened && leaves.count(trace.ChannelOpened) > 0
		}, stays, leaves)
		line := fmt.Sprint("after reload ", n)
		stays.say(line)
		await(t, "chat arrives", func() bool { return slices.Contains(leaves.received(), line) }, stays, leaves)
	}
	nothingSurfaced(t, stays, leaves)
}

// TestReloadWhileTheOldSocketLives reloads a page whose old socket is still open at
// the relay when the new one connects. The other side must see no peer leave.
func TestReloadWhileTheOldSocketLives(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	network := newProxy(t, strings.TrimPrefix(w.url, "http://"))
	stays, leaves := w.native("reload", "", true), worldAt(t, network.url()).tab("/r/reload")
	awaitChannels(t, 2, stays, leaves)
	network.keepSockets()
	leaves.eval(silence, nil)
	leaves.again()
	within(t, 3*time.Second, "they are paired again", func() bool { return stays.count(trace.Paired) == 2 }, stays, leaves)
	awaitChannels(t, 4, stays)
	if stays.count(trace.PeerLeft) != 0 {
		t.Error("the old socket was gone")
	}
	nothingSurfaced(t, stays, leaves)
}

func TestPlainPage(t *testing.T) {
	t.Parallel()
	for _, role := range []string{"polite", "impolite"} {
		opposite := map[string]string{"polite": "impolite", "impolite": "polite"}[role]
		for name, other := range map[string]func(w *world) participant{
			"tab":    func(w *world) participant { return w.tab("/" + opposite) },
			"native": func(w *world) participant { return w.native(demoRoom, opposite, false) },
		} {
			t.Run(role+" with "+name, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				ours := other(w)
				page := w.page(demoRoom, role)
				await(t, "they are paired", func() bool { return ours.count(trace.Paired) > 0 }, ours, page)
				both(ours, page, participant.connect)
				awaitChannels(t, 1, ours, page)
				polite, impolite := participant(page), ours
				if role == "impolite" {
					polite, impolite = ours, page
				}
				for range 20 {
					answered := ours.count(trace.AnswerReceived)
					both(ours, page, participant.renegotiate)
					await(t, "our offer is answered", func() bool { return ours.count(trace.AnswerReceived) > answered }, ours, page)
				}
				rollbacks, ignored := polite.count(trace.CollisionRollback), impolite.count(trace.CollisionIgnored)
				t.Logf("%d rollbacks, %d ignored offers", rollbacks, ignored)
				if rollbacks == 0 || ignored == 0 {
					t.Error("nothing collided")
				}
				ours.say("to the page")
				page.say("from the page")
				await(t, "chat arrives", func() bool {
					return slices.Contains(page.received(), "to the page") && slices.Contains(ours.received(), "from the page")
				}, ours, page)
				nothingSurfaced(t, ours, page)
			})
		}
	}
}

// TestTheSampleUnmodified has the W3C sample, word for word, negotiate with ours. If
// it is impolite, both may offer at the same time. If it is polite, they take turns
// here: Chromium rolls back a first offer before it knows its networks, and then
// never finds a candidate, which w3c.js waits for.
func TestTheSampleUnmodified(t *testing.T) {
	t.Parallel()
	for role, opposite := range map[string]string{"polite": "impolite", "impolite": "polite"} {
		t.Run(role+" with a tab", func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			ours := w.tab("/" + opposite)
			sample := w.sample(role, ours)
			if role == "impolite" {
				both(ours, sample, participant.connect)
				awaitChannels(t, 1, ours)
			} else {
				ours.connect()
				awaitChannels(t, 1, ours)
				sample.connect()
			}
			await(t, "its camera and microphone are shown", func() bool {
				return len(ours.texts(`#media figure[data-state="live"]`)) == 2
			}, ours, sample)
			nothingSurfaced(t, ours, sample)
		})
		t.Run(role+" with a native peer", func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			ours := w.native(demoRoom, opposite, false)
			sample := w.sample(role, ours)
			ours.connect()
			awaitChannels(t, 1, ours)
			answers := ours.count(trace.AnswerSending)
			sample.renegotiate()
			await(t, "its offer is answered", func() bool { return ours.count(trace.AnswerSending) > answers }, ours, sample)
			answers = ours.count(trace.AnswerReceived)
			ours.renegotiate()
			await(t, "so is ours", func() bool { return ours.count(trace.AnswerReceived) > answers }, ours, sample)
			nothingSurfaced(t, ours, sample)
		})
	}
}

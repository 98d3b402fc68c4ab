package main

import (
	"fmt"
	"slices"
	"sync"
	"testing"

	"perfect-negotiation/negotiation"
	"perfect-negotiation/negotiation/peer"
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
		await(t, fmt.Sprintf("%d data channels are open", n), func() bool { return p.count(peer.ChannelOpened) >= n }, who...)
		await(t, "it says that it is connected", func() bool { return p.count(peer.Connected) > 0 }, who...)
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

func TestConnect(t *testing.T) {
	t.Parallel()
	for _, c := range couples() {
		for _, from := range []string{"polite", "impolite", "both at once"} {
			t.Run(c.name+", from "+from, func(t *testing.T) {
				t.Parallel()
				polite, impolite := c.make(newWorld(t))
				channels := 1
				switch from {
				case "polite":
					polite.connect()
				case "impolite":
					impolite.connect()
				default:
					channels = 2
					both(polite, impolite, participant.connect)
				}
				awaitChannels(t, channels, polite, impolite)
				nothingSurfaced(t, polite, impolite)
			})
		}
	}
}

func TestRenegotiateAtOnce(t *testing.T) {
	t.Parallel()
	for _, c := range couples() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			polite, impolite := c.make(newWorld(t))
			polite.connect()
			awaitChannels(t, 1, polite, impolite)
			renegotiateAtOnce(t, polite, impolite, 50)
		})
	}
}

// renegotiateAtOnce has both sides force an offer, round after round, and checks
// that each wish was fulfilled and that offers did collide.
func renegotiateAtOnce(t *testing.T, polite, impolite participant, rounds int) {
	t.Helper()
	answered := func(p participant) int { return p.count(negotiation.AnswerReceived) }
	before := map[participant]int{polite: answered(polite), impolite: answered(impolite)}
	for round := 1; round <= rounds; round++ {
		both(polite, impolite, participant.renegotiate)
		for _, p := range []participant{polite, impolite} {
			await(t, fmt.Sprintf("renegotiation %d is complete", round), func() bool { return answered(p) >= before[p]+round }, polite, impolite)
		}
	}
	rollbacks, ignored := polite.count(negotiation.CollisionRollback), impolite.count(negotiation.CollisionIgnored)
	t.Logf("%d rounds: %d rollbacks, %d ignored offers", rounds, rollbacks, ignored)
	if rollbacks == 0 || ignored == 0 {
		t.Errorf("%d rollbacks and %d ignored offers: nothing collided", rollbacks, ignored)
	}
	if n := impolite.count(negotiation.CollisionRollback) + polite.count(negotiation.CollisionIgnored); n != 0 {
		t.Errorf("%d times the impolite peer rolled back or the polite one ignored an offer", n)
	}
	nothingSurfaced(t, polite, impolite)
}

func TestTheOtherSideRenegotiates(t *testing.T) {
	t.Parallel()
	for _, c := range couples() {
		for _, first := range []string{"polite", "impolite"} {
			t.Run(c.name+", "+first+" connects", func(t *testing.T) {
				t.Parallel()
				polite, impolite := c.make(newWorld(t))
				offerer, other := polite, impolite
				if first == "impolite" {
					offerer, other = impolite, polite
				}
				offerer.connect()
				awaitChannels(t, 1, polite, impolite)
				for n := range 3 {
					other.renegotiate()
					await(t, "the other side's offer is answered", func() bool { return other.count(negotiation.AnswerReceived) > n }, polite, impolite)
				}
				offerer.say("still here")
				await(t, "chat arrives", func() bool { return slices.Contains(other.received(), "still here") }, polite, impolite)
				nothingSurfaced(t, polite, impolite)
			})
		}
	}
}

func TestChat(t *testing.T) {
	t.Parallel()
	for _, c := range couples() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			polite, impolite := c.make(newWorld(t))
			impolite.connect()
			awaitChannels(t, 1, polite, impolite)
			chat(t, polite, impolite)
		})
	}
}

// chat has both sides say 100 lines at once, which arrive in order.
func chat(t *testing.T, a, b participant) {
	t.Helper()
	var want []string
	for n := range 100 {
		want = append(want, fmt.Sprint("line ", n))
	}
	both(a, b, func(p participant) {
		for _, line := range want {
			p.say(line)
		}
	})
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
		if n.count(peer.SourceSame) == 0 || b.count(peer.SourceSame) == 0 {
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
				impolite.connect() // it forgot, and the other will
			}
			if b, ok := polite.(*tab); ok {
				reload(t, impolite, b)
			}
		})
	}
}

// reload reloads the page of one of two, over and over.
func reload(t *testing.T, stays participant, leaves *tab) {
	t.Helper()
	for n := 1; n <= 3; n++ {
		// The second time the page does not say goodbye: the relay still has its
		// old socket when the new one comes, or learns of both at once.
		if n == 2 {
			leaves.eval(`addEventListener("pagehide", (event) => event.stopImmediatePropagation(), true)`, nil)
		}
		opened := stays.count(peer.ChannelOpened)
		leaves.again()
		await(t, "they are paired again", func() bool {
			return stays.count(peer.ChannelOpened) > opened && leaves.count(peer.ChannelOpened) > 0
		}, stays, leaves)
		line := fmt.Sprint("after reload ", n)
		stays.say(line)
		await(t, "chat arrives", func() bool { return slices.Contains(leaves.received(), line) }, stays, leaves)
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
				await(t, "they are paired", func() bool { return ours.count(peer.Paired) > 0 }, ours, page)
				both(ours, page, participant.connect)
				awaitChannels(t, 1, ours, page)
				polite, impolite := participant(page), ours
				if role == "impolite" {
					polite, impolite = ours, page
				}
				for range 20 {
					answered := ours.count(negotiation.AnswerReceived)
					both(ours, page, participant.renegotiate)
					await(t, "our wish is fulfilled", func() bool { return ours.count(negotiation.AnswerReceived) > answered }, ours, page)
				}
				rollbacks, ignored := polite.count(negotiation.CollisionRollback), impolite.count(negotiation.CollisionIgnored)
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

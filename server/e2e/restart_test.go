package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"perfect-negotiation/negotiation/trace"
)

// restarter is a participant whose ICE restarts can be seen.
type restarter interface {
	participant
	restart()
	// ufrag returns that of the local description in force.
	ufrag() string
}

func (n *native) restart() { n.p.RestartICE() }

func (n *native) ufrag() string {
	n.mu.Lock()
	pc := n.connections[len(n.connections)-1]
	n.mu.Unlock()
	return ufrag(pc.CurrentLocalDescription().SDP)
}

func (m *mediaTab) restart() { m.eval(`document.querySelector("#restart").click()`, nil) }

func (m *mediaTab) ufrag() string {
	return ufrag(m.text(`connections.at(-1).currentLocalDescription.sdp`))
}

func ufrag(text string) string {
	_, after, _ := strings.Cut(text, "a=ice-ufrag:")
	value, _, _ := strings.Cut(after, "\r\n")
	return value
}

// TestRestart restarts ICE from either side and from both at once, and while the
// other side makes an offer: the polite one asks the other to. What is said meanwhile comes, once and in order.
func TestRestart(t *testing.T) {
	t.Parallel()
	restart := func(p participant) { p.(restarter).restart() }
	nothing := func(participant) {}
	for _, c := range []struct {
		name string
		make func(w *world) (polite, impolite restarter)
	}{
		{"tab and tab", func(w *world) (restarter, restarter) { return w.mediaTab("/polite"), w.mediaTab("/impolite") }},
		{"native polite, tab impolite", func(w *world) (restarter, restarter) {
			return w.native(demoRoom, "polite", false), w.mediaTab("/impolite")
		}},
		{"tab polite, native impolite", func(w *world) (restarter, restarter) {
			return w.mediaTab("/polite"), w.native(demoRoom, "impolite", false)
		}},
		{"native and native", func(w *world) (restarter, restarter) {
			return w.native(demoRoom, "polite", false), w.native(demoRoom, "impolite", false)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			polite, impolite := c.make(newWorld(t))
			polite.connect()
			awaitChannels(t, 1, polite, impolite)
			var said []string
			for _, does := range []struct {
				name             string
				polite, impolite func(participant)
			}{
				{"the polite one restarts", restart, nothing},
				{"the impolite one restarts", nothing, restart},
				{"both restart", restart, restart},
				{"the polite one restarts against an offer", restart, participant.renegotiate},
				{"the impolite one restarts against an offer", participant.renegotiate, restart},
			} {
				before := map[restarter]string{polite: polite.ufrag(), impolite: impolite.ufrag()}
				for range 10 {
					said = append(said, fmt.Sprint("line ", len(said)))
				}
				both(polite, impolite, func(p participant) {
					for _, line := range said[len(said)-10:] {
						p.say(line)
					}
				})
				both(polite, impolite, func(p participant) {
					if p == polite {
						does.polite(p)
					} else {
						does.impolite(p)
					}
				})
				for _, p := range []restarter{polite, impolite} {
					await(t, "new credentials: "+does.name, func() bool { return p.ufrag() != before[p] }, polite, impolite)
					await(t, "all lines: "+does.name, func() bool { return slices.Equal(p.received(), said) }, polite, impolite)
				}
			}
			await(t, "the impolite one has restarted for both", func() bool { return impolite.count(trace.Restart) == 6 }, polite, impolite)
			await(t, "the polite one has asked for its own", func() bool { return polite.count(trace.RestartAsked) == 3 }, polite)
			if restarts := polite.count(trace.Restart); restarts != 0 {
				t.Errorf("the polite one has restarted %d times itself", restarts)
			}
			nothingSurfaced(t, polite, impolite)
		})
	}
}

package e2e

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation/trace"
)

// relayProcess is a relay that can be killed.
type relayProcess struct {
	t       *testing.T
	program string
	address string
	cmd     *exec.Cmd
}

func newRelayProcess(t *testing.T) *relayProcess {
	t.Helper()
	p := &relayProcess{t: t, program: program(t)}
	listener := newListener(t)
	p.address = listener.Addr().String()
	_ = listener.Close()
	p.start()
	t.Cleanup(p.kill)
	return p
}

func (p *relayProcess) start() {
	p.t.Helper()
	p.cmd = exec.Command(p.program, "serve", "--addr", p.address, "--origin", "*")
	endWithTest(p.cmd)
	if err := p.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	await(p.t, "the relay is there", func() bool {
		response, err := http.Get("http://" + p.address + "/readyz")
		if err == nil {
			_ = response.Body.Close()
		}
		return err == nil && response.StatusCode == http.StatusOK
	})
}

func (p *relayProcess) kill() {
	_ = p.cmd.Process.Signal(os.Kill)
	_ = p.cmd.Wait()
}

// member is a participant whose whole trace can be read.
type member interface {
	participant
	id() string
	trail() []trace.Event
	inForce() []exchange
}

func (n *native) id() string { return n.p.ID() }

// exchange is what was agreed on last over one connection.
type exchange struct{ Local, Remote string }

func (n *native) inForce() (list []exchange) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, pc := range n.connections {
		local, remote := pc.CurrentLocalDescription(), pc.CurrentRemoteDescription()
		if pc.SignalingState() != webrtc.SignalingStateClosed && local != nil && remote != nil {
			list = append(list, exchange{local.SDP, remote.SDP})
		}
	}
	return list
}

// record keeps the beginnings of all lines of the log, of which the page shows the
// newest.
const record = `
	window.trailSoFar = [];
	Object.defineProperty(window, "Go", { configurable: true, set(made) {
		Object.defineProperty(window, "Go", { value: class extends made {
			constructor() {
				super();
				window.program = this;
			}
		} });
	} });
	addEventListener("DOMContentLoaded", () => {
		new MutationObserver((records) => {
			for (const { addedNodes } of records)
				for (const { dataset, lastChild } of addedNodes)
					trailSoFar.push({ Kind: dataset.kind, Peer: dataset.peer ?? "", Detail: lastChild.textContent.slice(0, 200) });
		}).observe(document.querySelector("#log"), { childList: true });
	});`

type memberTab struct {
	*tab
	events []trace.Event // what was read of trailSoFar
}

func (w *world) member(path string) *memberTab {
	w.t.Helper()
	b := w.blank(w.url + path + "?verbose")
	for _, script := range []string{record, remember} {
		if err := b.prepare(script); err != nil {
			w.t.Fatal(err)
		}
	}
	b.open()
	return &memberTab{tab: b}
}

func (b *memberTab) again() {
	b.t.Helper()
	b.events = nil
	b.tab.again()
}

func (b *memberTab) inForce() (list []exchange) {
	b.eval(`connections.filter(pc => pc.signalingState !== "closed" && pc.currentLocalDescription)
		.map(pc => ({ Local: pc.currentLocalDescription.sdp, Remote: pc.currentRemoteDescription.sdp }))`, &list)
	return list
}

// held returns the number of JavaScript values that the program references, functions
// and connections among them, after a garbage collection in Go, for which Go needs
// work to do.
func (b *memberTab) held(do func()) (n int) {
	b.t.Helper()
	const few = 100 // references that were released
	deadline := time.Now().Add(patience)
	for range 2 { // finalized values are freed the second time
		for before := 0; n >= before-few; {
			if time.Now().After(deadline) {
				b.t.Fatalf("Go does not collect its garbage\n%s", b.log())
			}
			before = n
			do()
			b.eval(`program._values.length - program._idPool.length`, &n)
		}
	}
	return n
}

func (b *memberTab) trail() []trace.Event {
	var more []trace.Event
	b.eval(fmt.Sprintf(`trailSoFar.slice(%d)`, len(b.events)), &more)
	b.events = append(b.events, more...)
	return b.events
}

func (b *memberTab) count(kind trace.Kind) (n int) {
	b.eval(fmt.Sprintf(`trailSoFar.filter(e => e.Kind === %q).length`, kind), &n)
	return n
}

// conversation is one member's record of another since they were last paired.
type conversation struct {
	pairings int
	signaled []string // offers and answers, in the order of sending
	received []string
	sent     []string // all messages of the signalling, with their digests
	got      []string
	heard    []string // chat
	open     int
}

// conversations reads a trail, by the other's id.
func conversations(m member) map[string]*conversation {
	of := map[string]*conversation{}
	for _, e := range m.trail() {
		c := of[e.Peer]
		if c == nil {
			c = &conversation{}
			of[e.Peer] = c
		}
		switch e.Kind {
		case trace.Paired:
			*c = conversation{pairings: c.pairings + 1}
		case trace.OfferSending:
			c.signaled = append(c.signaled, "offer")
		case trace.AnswerSending:
			c.signaled = append(c.signaled, "answer")
		case trace.OfferReceived:
			c.received = append(c.received, "offer")
		case trace.AnswerReceived:
			c.received = append(c.received, "answer")
		case trace.MessageSent:
			c.sent = append(c.sent, afterColon(e.Detail))
		case trace.MessageReceived:
			c.got = append(c.got, afterColon(e.Detail))
		case trace.ChannelOpened:
			c.open++
		case trace.ChatReceived:
			c.heard = append(c.heard, strings.TrimPrefix(e.Detail, "Received: "))
		}
	}
	return of
}

// afterColon returns the detail of an event, which a page shows after its text.
func afterColon(line string) string { return strings.TrimSpace(line[strings.LastIndex(line, ":")+1:]) }

// agree returns the differences between two members: each must have received what the
// other sent, once and in order.
func agree(a, b *conversation) string {
	switch {
	case a == nil || b == nil || a.pairings == 0 || b.pairings == 0:
		return "they are not paired"
	case a.open < 2 || b.open < 2:
		return fmt.Sprintf("%d and %d channels are open", a.open, b.open)
	case !slices.Equal(a.signaled, b.received):
		return "of the descriptions of the first, " + difference(a.signaled, b.received)
	case !slices.Equal(b.signaled, a.received):
		return "of the descriptions of the second, " + difference(b.signaled, a.received)
	case len(a.sent) == 0 || len(b.sent) == 0:
		return "a side has sent nothing"
	case !slices.Equal(a.sent, b.got):
		return "of all messages of the first, " + difference(a.sent, b.got)
	case !slices.Equal(b.sent, a.got):
		return "of all messages of the second, " + difference(b.sent, a.got)
	}
	return ""
}

// mirrored returns the connections whose ends do not have the same current
// descriptions.
func mirrored(members []member) string {
	ends := map[exchange]int{} // one end counts up, the other one down
	for i, m := range members {
		list := m.inForce()
		if len(list) != len(members)-1 {
			return fmt.Sprintf("member %d has %d connections", i, len(list))
		}
		for _, e := range list {
			local, remote := identity(e.Local), identity(e.Remote)
			if local < remote {
				ends[exchange{local, remote}]++
			} else {
				ends[exchange{remote, local}]--
			}
		}
	}
	for e, n := range ends {
		if n != 0 {
			return fmt.Sprintf("only one end has these descriptions in force:\n%s\n%s", e.Local, e.Remote)
		}
	}
	return ""
}

// identity returns the sections and credentials of a description; the rest is written
// differently at the two ends.
func identity(sdp string) string {
	var lines []string
	for line := range strings.Lines(sdp) {
		name, value, _ := strings.Cut(line, ":")
		if name == "a=mid" && strings.HasSuffix(strings.TrimSpace(value), "+") {
			continue // with a single section pion sees an additional one
		}
		if slices.Contains([]string{"a=mid", "a=ice-ufrag", "a=ice-pwd", "a=fingerprint"}, name) {
			lines = append(lines, line)
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "")
}

func difference(sent, received []string) string {
	n := 0
	for n < min(len(sent), len(received)) && sent[n] == received[n] {
		n++
	}
	from := max(0, n-6)
	return fmt.Sprintf("%d, the other has received %d, and from %d on %v and not %v", len(sent), len(received),
		from, received[from:min(len(received), n+6)], sent[from:min(len(sent), n+6)])
}

func logAll(t *testing.T, members []member) {
	t.Helper()
	for i, m := range members {
		t.Logf("member %d, %s:\n%s", i, m.id(), m.log())
	}
}

// recovered waits until all members agree after the last fault, for which they have
// 5 seconds, and returns how long it took.
func recovered(t *testing.T, members []member) time.Duration {
	t.Helper()
	took := converge(t, members)
	if took > 5*time.Second {
		t.Errorf("they agree only after %.1f s", took.Seconds())
		logAll(t, members)
	}
	return took
}

// converge waits until all members agree, and returns how long it took.
func converge(t *testing.T, members []member) time.Duration {
	t.Helper()
	begin := time.Now()
	var disagreement string
	deadline := begin.Add(patience)
	for {
		disagreement = ""
		of := make([]map[string]*conversation, len(members))
		ids := make([]string, len(members))
		for i, m := range members {
			of[i], ids[i] = conversations(m), m.id()
		}
		for i := range members {
			for j := range i {
				if text := agree(of[i][ids[j]], of[j][ids[i]]); text != "" {
					disagreement = fmt.Sprintf("%d and %d: %s", i, j, text)
				}
			}
		}
		if disagreement == "" {
			disagreement = mirrored(members)
		}
		if disagreement == "" {
			return time.Since(begin)
		}
		if time.Now().After(deadline) {
			logAll(t, members)
			t.Fatal("they do not agree: ", disagreement)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

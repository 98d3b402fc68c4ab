package main

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"perfect-negotiation/negotiation"
	"perfect-negotiation/negotiation/peer"
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
	p := &relayProcess{t: t, program: filepath.Join(t.TempDir(), "server")}
	if out, err := exec.Command("go", "build", "-o", p.program, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
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

// member is a participant in a room of many whose whole trace can be read.
type member interface {
	participant
	id() string
	trail() []negotiation.Event
}

func (n *native) id() string { return n.p.ID() }

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

type memberTab struct{ *tab }

func (w *world) member(path string) memberTab {
	w.t.Helper()
	b := w.blank(w.url + path)
	if err := b.prepare(record); err != nil {
		w.t.Fatal(err)
	}
	b.open()
	return memberTab{b}
}

func (b memberTab) id() string { return b.text(`document.querySelector("#self").dataset.id`) }

// held returns how many values of JavaScript the program holds, functions and
// connections among them, when Go has collected its garbage, for which it needs
// something to do.
func (b memberTab) held(do func()) (n int) {
	b.t.Helper()
	const few = 100 // that were released
	for range 2 {   // what has a finalizer is gone after the second time
		await(b.t, "Go collects its garbage", func() bool {
			before := n
			do()
			b.eval(`program._values.length - program._idPool.length`, &n)
			return n < before-few
		}, b)
	}
	return n
}

func (b memberTab) trail() (events []negotiation.Event) {
	b.eval(`trailSoFar`, &events)
	return events
}

func (b memberTab) count(kind negotiation.Kind) (n int) {
	b.eval(fmt.Sprintf(`trailSoFar.filter(e => e.Kind === %q).length`, kind), &n)
	return n
}

// conversation is what one member has to do with another since they were paired
// last.
type conversation struct {
	pairings int
	signaled []string // offers and answers, in the order of sending
	received []string
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
		case peer.Paired:
			*c = conversation{pairings: c.pairings + 1}
		case negotiation.OfferSending:
			c.signaled = append(c.signaled, "offer")
		case negotiation.AnswerSending:
			c.signaled = append(c.signaled, "answer")
		case negotiation.OfferReceived:
			c.received = append(c.received, "offer")
		case negotiation.AnswerReceived:
			c.received = append(c.received, "answer")
		case peer.ChannelOpened:
			c.open++
		case peer.ChatReceived:
			c.heard = append(c.heard, strings.TrimPrefix(e.Detail, "Received: "))
		}
	}
	return of
}

// agree tells what two members do not agree on: each must have received what the
// other has sent, once and in order.
func agree(a, b *conversation) string {
	switch {
	case a == nil || b == nil || a.pairings == 0 || b.pairings == 0:
		return "they are not paired"
	case a.open < 2 || b.open < 2:
		return fmt.Sprintf("%d and %d channels are open", a.open, b.open)
	case !slices.Equal(a.signaled, b.received):
		return "of what the first has sent, " + difference(a.signaled, b.received)
	case !slices.Equal(b.signaled, a.received):
		return "of what the second has sent, " + difference(b.signaled, a.received)
	}
	return ""
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

// converge waits until all members agree, and returns how long it took.
func converge(t *testing.T, members []member) time.Duration {
	t.Helper()
	begin := time.Now()
	var who []participant
	for _, m := range members {
		who = append(who, m)
	}
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
			return time.Since(begin)
		}
		if time.Now().After(deadline) {
			for i, p := range who {
				t.Logf("member %d, %s:\n%s", i, ids[i], p.log())
			}
			t.Fatal("they do not agree: ", disagreement)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

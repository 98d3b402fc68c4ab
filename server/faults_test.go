package main

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"perfect-negotiation/negotiation"
	"perfect-negotiation/negotiation/peer"
)

var long = flag.Bool("long", false, "have TestFaults take its time")

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

// record keeps all lines of the log, of which the page shows the newest.
const record = `
	window.trailSoFar = [];
	addEventListener("DOMContentLoaded", () => {
		new MutationObserver((records) => {
			for (const { addedNodes } of records)
				for (const { dataset, lastChild } of addedNodes)
					trailSoFar.push({ Kind: dataset.kind, Peer: dataset.peer ?? "", Detail: lastChild.textContent });
		}).observe(document.querySelector("#log"), { childList: true });
	});`

type memberTab struct{ *tab }

func (w *world) member(path string) memberTab {
	w.t.Helper()
	b := w.blank(w.url + path)
	if err := b.navigate(w.url + "/healthz"); err != nil {
		w.t.Fatal(err)
	}
	b.beforeLoad(record)
	b.open()
	return memberTab{b}
}

func (b memberTab) id() string { return b.text(`document.querySelector("#self").dataset.id`) }

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

// TestFaults has two tabs and two native peers renegotiate and chat all the time
// while connections to the relay are cut and stall, the relay is killed, and a tab
// is reloaded.
func TestFaults(t *testing.T) {
	cuts, kills, reloads, stalls, stall := 20, 2, 3, 1, 3*time.Second
	if *long {
		cuts, kills, reloads, stalls, stall = 200, 20, 50, 2, 30*time.Second
	}
	relay := newRelayProcess(t)
	network := newProxy(t, relay.address)
	w := &world{t: t, url: "http://" + network.listener.Addr().String()}
	members := []member{w.member("/r/faults"), w.member("/r/faults"), w.native("faults", "", true), w.native("faults", "", true)}
	leaver := members[0].(memberTab)
	converge(t, members)

	lines := make([]int, len(members))
	// during has all of them busy while f does its worst.
	during := func(what string, f func()) {
		t.Helper()
		ctx, cancel := context.WithCancel(t.Context())
		var busy sync.WaitGroup
		for i, m := range members {
			busy.Go(func() {
				again := time.NewTicker(100 * time.Millisecond)
				defer again.Stop()
				for {
					select {
					case <-again.C:
						m.renegotiate()
						m.say(fmt.Sprint(i, " ", lines[i]))
						lines[i]++
					case <-ctx.Done():
						return
					}
				}
			})
		}
		begin := time.Now()
		f()
		took := time.Since(begin)
		cancel()
		busy.Wait()
		t.Logf("%s: %.1f s, and all agree %.1f s later", what, took.Seconds(), converge(t, members).Seconds())
	}
	pause := func() { time.Sleep(rand.N(400 * time.Millisecond)) } // a random moment is what it is about

	during(fmt.Sprint(cuts, " cuts"), func() {
		for range cuts {
			pause()
			network.cut(1 + rand.N(3))
		}
	})
	during(fmt.Sprint(kills, " kills of the relay"), func() {
		for range kills {
			pause()
			relay.kill()
			pause()
			relay.start()
			time.Sleep(time.Second)
		}
	})
	during(fmt.Sprint(stalls, " stalls"), func() {
		for range stalls {
			network.stall(true)
			time.Sleep(stall)
			network.stall(false)
			pause()
		}
	})
	for i, m := range members {
		for id, c := range conversations(m) {
			if c.pairings > 1 {
				t.Errorf("member %d was paired %d times with %s", i, c.pairings, id)
			}
		}
	}
	heard(t, members, lines)

	begin, longest := time.Now(), time.Duration(0)
	for range reloads {
		leaver.again()
		longest = max(longest, converge(t, members))
	}
	t.Logf("%d reloads: %.1f s, and all agree within %.1f s", reloads, time.Since(begin).Seconds(), longest.Seconds())
	for i, m := range members[1:] {
		for _, line := range m.surfaced() {
			if !strings.Contains(line, "relay") {
				t.Errorf("member %d surfaced %q", i+1, line)
			}
		}
	}
}

// heard waits until everybody has heard what all others said, once and in order.
func heard(t *testing.T, members []member, lines []int) {
	t.Helper()
	for i, m := range members {
		var wrong string
		await(t, "all lines are there", func() bool {
			wrong = ""
			for _, c := range conversations(m) {
				if len(c.heard) == 0 {
					continue
				}
				var j, n int
				for k, line := range c.heard {
					if _, err := fmt.Sscanf(line, "%d %d", &j, &n); err != nil || n != k {
						t.Fatalf("member %d heard %q where %d was due", i, line, k)
					}
				}
				if len(c.heard) != lines[j] {
					wrong = fmt.Sprintf("%d of %d lines of %d", len(c.heard), lines[j], j)
				}
			}
			return wrong == ""
		}, m)
	}
}

// TestRoomOfEight has four tabs and four native peers meet: 28 connections, which
// outlive the relay, and each hears each.
func TestRoomOfEight(t *testing.T) {
	relay := newRelayProcess(t)
	w := &world{t: t, url: "http://" + relay.address}
	var members []member
	for range 4 {
		members = append(members, w.member("/r/eight"), w.native("eight", "", true))
	}
	t.Logf("all are connected %.1f s after the last came", converge(t, members).Seconds())
	relay.kill()
	relay.start()
	for _, m := range members {
		await(t, "it is back", func() bool { return m.count(peer.RoomJoined) == 2 }, m)
		m.renegotiate()
	}
	t.Logf("all agree %.1f s after the relay was back", converge(t, members).Seconds())
	lines := make([]int, len(members))
	for range 20 {
		for i, m := range members {
			m.say(fmt.Sprint(i, " ", lines[i]))
			lines[i]++
		}
	}
	heard(t, members, lines)
	for i, m := range members {
		all := conversations(m)
		delete(all, "")
		if len(all) != len(members)-1 {
			t.Errorf("member %d has met %d others", i, len(all))
		}
		for id, c := range all {
			if c.pairings != 1 || len(c.heard) != 20 {
				t.Errorf("member %d and %s: %d pairings, %d lines", i, id, c.pairings, len(c.heard))
			}
		}
	}
}

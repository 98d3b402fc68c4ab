package main

import (
	"bufio"
	"context"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"perfect-negotiation/negotiation"
	"perfect-negotiation/negotiation/peer"
)

// transcript keeps what is written to it.
type transcript struct {
	mu   sync.Mutex
	text strings.Builder
}

func (w *transcript) Write(text []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.Write(text)
}

func (w *transcript) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.String()
}

// awaitLog waits until a program has written the words.
func awaitLog(t *testing.T, log *transcript, words string) {
	t.Helper()
	await(t, "it says "+words, func() bool { return strings.Contains(log.String(), words) })
}

// running is the native peer as a user runs it, with its input and output.
type running struct {
	t      *testing.T
	in     io.WriteCloser
	out    chan string // lines; what is not expected is not read
	log    *transcript
	cancel context.CancelFunc
	ended  chan error
}

func startPeer(t *testing.T, w *world, arguments ...string) *running {
	t.Helper()
	inR, inW := io.Pipe()
	outR, outW := io.Pipe()
	ctx, cancel := context.WithCancel(context.Background())
	r := &running{t: t, in: inW, out: make(chan string), log: &transcript{}, cancel: cancel, ended: make(chan error, 1)}
	root := command()
	root.Reader, root.Writer, root.ErrWriter = inR, outW, r.log
	go func() {
		r.ended <- root.Run(ctx, append([]string{"server", "peer", "--server", w.url}, arguments...))
		outW.Close()
		inR.Close()
	}()
	go func() {
		defer close(r.out)
		for scanner := bufio.NewScanner(outR); scanner.Scan(); {
			r.out <- scanner.Text()
		}
	}()
	t.Cleanup(func() {
		cancel()
		for range r.out {
		}
		if t.Failed() {
			t.Log(r.log)
		}
	})
	return r
}

func (r *running) write(lines ...string) {
	r.t.Helper()
	for _, line := range lines {
		if _, err := io.WriteString(r.in, line+"\n"); err != nil {
			r.t.Error(err)
		}
	}
}

func (r *running) expect(want string) {
	r.t.Helper()
	select {
	case got := <-r.out:
		if got != want {
			r.t.Errorf("%q on standard output, want %q", got, want)
		}
	case <-time.After(patience):
		r.t.Fatalf("%q did not come on standard output", want)
	}
}

func (r *running) expectLog(words string) {
	r.t.Helper()
	awaitLog(r.t, r.log, words)
}

func (r *running) end() error {
	r.t.Helper()
	select {
	case err := <-r.ended:
		return err
	case <-time.After(patience):
		r.t.Fatal("it does not end")
		return nil
	}
}

func TestNativePeerChats(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	n := w.native(demoRoom, "polite", false)
	p := startPeer(t, w, "--role", "impolite")
	p.write("before anybody is connected", "/connect", "/renegotiate", "//slash")
	for _, want := range []string{"before anybody is connected", "/slash"} {
		await(t, "it says "+want, func() bool {
			chat := n.received()
			return len(chat) > 0 && chat[len(chat)-1] == want || contains(chat, want)
		}, n)
	}
	n.say("hello")
	p.expect("Received: hello")
	p.write("goodbye", "/quit")
	if err := p.end(); err != nil {
		t.Errorf("it ends with %v", err)
	}
	await(t, "what was said before /quit arrives", func() bool { return contains(n.received(), "goodbye") }, n)
	await(t, "the other side notices", func() bool { return n.count(peer.PeerGone) > 0 }, n)
}

func contains(list []string, want string) bool {
	for _, s := range list {
		if s == want {
			return true
		}
	}
	return false
}

func TestNativePeerStaysAndPairsAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := startPeer(t, w, "--room", "echo", "--echo")
	for range 2 {
		n := w.native("echo", "", true)
		awaitChannels(t, 2, n)
		n.say("are you there?")
		await(t, "the echo comes", func() bool { return contains(n.received(), "are you there?") }, n)
		p.expect("Received: are you there?")
		n.close()
	}
	p.in.Close() // the end of the input does not end it
	n := w.native("echo", "", true)
	awaitChannels(t, 2, n)
	p.cancel() // a signal does
	if err := p.end(); err != nil {
		t.Errorf("it ends with %v", err)
	}
}

// A line that is too long is not said, and those after it are.
func TestALongLine(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	n := w.native("long", "", true)
	p := startPeer(t, w, "--room", "long")
	awaitChannels(t, 2, n)
	p.write("before", strings.Repeat("long", maxLine), "after")
	p.expectLog("Not sent: a line of 65536 bytes or more")
	await(t, "the line after it arrives", func() bool { return contains(n.received(), "after") }, n)
	if got, want := n.received(), []string{"before", "after"}; !slices.Equal(got, want) {
		t.Errorf("received %q", got)
	}
}

// TestWho has a line said to one of two.
func TestWho(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a, b := w.native("who", "", true), w.native("who", "", true)
	p := startPeer(t, w, "--room", "who")
	await(t, "all channels are open", func() bool { return strings.Count(p.log.String(), "' opened") == 4 }, a, b)
	p.write("/peers")
	p.expectLog("2 peers are here.")
	for _, n := range []*native{a, b} {
		p.expectLog("  " + n.id() + "  we are ")
	}
	for _, command := range []string{"/to", "/to " + a.id(), "/to  to nobody"} {
		p.write(command)
	}
	p.write("/to nobody hello", "/to "+a.id()[:len(a.id())-1]+" to one", "to both")
	await(t, "both hear what is said to both", func() bool {
		return contains(a.received(), "to both") && contains(b.received(), "to both")
	}, a, b)
	if got, want := a.received(), []string{"to one", "to both"}; !slices.Equal(got, want) {
		t.Errorf("one of two hears %q", got)
	}
	if got, want := b.received(), []string{"to both"}; !slices.Equal(got, want) {
		t.Errorf("the other one hears %q", got)
	}
	p.expectLog("no peer is here whose id begins with nobody")
	if n := strings.Count(p.log.String(), "it is /to PEER text"); n != 3 {
		t.Errorf("it explains /to %d times", n)
	}
}

func TestFind(t *testing.T) {
	terminal := newTerminal(nil, nil, nil)
	terminal.peers = map[string]negotiation.Event{"abc1": {}, "abc2": {}, "b": {}, "\x1b[31mred": {}, "\x1b[32mgreen": {}}
	for _, row := range []struct{ name, id, refusal string }{
		{"", "", ""},
		{"abc1", "abc1", ""},
		{"b", "b", ""},
		{"a", "", "the ids of 2 peers begin with a"},
		{"abc", "", "the ids of 2 peers begin with abc"},
		{"c", "", "no peer is here whose id begins with c"},
		{"abc12", "", "no peer is here whose id begins with abc12"},
		{"\x1b[3", "", `the ids of 2 peers begin with \x1b[3`},
		{"\x1b[33", "", `no peer is here whose id begins with \x1b[33`},
	} {
		id, err := terminal.find(row.name)
		refusal := ""
		if err != nil {
			refusal = err.Error()
		}
		if id != row.id || refusal != row.refusal {
			t.Errorf("%q is %q, %q", row.name, id, refusal)
		}
	}
}

// The ids of peers are what the relay says they are, and a line each.
func TestPeersOfAnEvilRelay(t *testing.T) {
	log := &transcript{}
	terminal := newTerminal(nil, nil, log)
	terminal.peers = map[string]negotiation.Event{"\x1b]0;title\a\nReceived: forged": {Role: "polite", Detail: "new"}}
	go terminal.log.run()
	terminal.list()
	terminal.log.close()
	if got, want := log.String(), "1 peers are here.\n"+`  \x1b]0;title\a\nReceived: forged  we are polite  new`+"\n"; got != want {
		t.Errorf("it says %q", got)
	}
}

// A peer that is told to looks at once whether the relay is still there.
func TestReconnect(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	network := newProxy(t, w.url[len("http://"):])
	behind := worldAt(t, "http://"+network.listener.Addr().String())
	n := behind.native("there", "", true)
	p := startPeer(t, behind, "--room", "there")
	awaitChannels(t, 2, n)
	network.stall(toRelay | toPeers)
	p.write("/reconnect")
	p.expectLog("No connection to the relay")
	if n.count(peer.RelayLost) > 0 {
		t.Error("whom nobody has told notices as early")
	}
	network.stall(0)
	network.cut()
	p.write("/reconnect")
	await(t, "it is back", func() bool { return strings.Count(p.log.String(), "Joined room 'there'") == 2 })
}

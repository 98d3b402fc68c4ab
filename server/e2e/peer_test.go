package e2e

import (
	"bufio"
	"io"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"perfect-negotiation/negotiation/trace"
)

// running is the native peer as a user runs it; its output is read line by line.
type running struct {
	*process
	out chan string // lines; what is not expected is not read
}

func startPeer(t *testing.T, w *world, arguments ...string) *running {
	t.Helper()
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	r := &running{out: make(chan string)}
	r.process = startInto(t, writer, program(t), append([]string{"peer", "--server", w.url}, arguments...)...)
	_ = writer.Close() // the process has its own
	go func() {
		defer close(r.out)
		defer reader.Close()
		for scanner := bufio.NewScanner(reader); scanner.Scan(); {
			r.out <- scanner.Text()
		}
	}()
	t.Cleanup(func() {
		select {
		case <-r.ended:
		default:
			r.signal()
			defer r.ends(0)
		}
		for range r.out {
		}
	})
	return r
}

// signal ends it as an operating system does.
func (r *running) signal() {
	r.t.Helper()
	if err := r.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		r.t.Error(err)
	}
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
	p.write("/collide 2")
	await(t, "offers collide twice", func() bool { return n.count(trace.CollisionRollback) >= 2 }, n)
	p.write("goodbye", "/quit")
	p.ends(0)
	await(t, "what was said before /quit arrives", func() bool { return contains(n.received(), "goodbye") }, n)
	await(t, "the other side notices", func() bool { return n.count(trace.PeerGone) > 0 }, n)
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
	p.signal() // a signal does
	p.ends(0)
}

// A line that is too long is not sent, and the lines after it are.
func TestALongLine(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	n := w.native("long", "", true)
	p := startPeer(t, w, "--room", "long")
	awaitChannels(t, 2, n)
	p.write("before", strings.Repeat("long", 64<<10), "after")
	p.expectLog("Not sent: a line of 65536 bytes or more")
	await(t, "the line after it arrives", func() bool { return contains(n.received(), "after") }, n)
	if got, want := n.received(), []string{"before", "after"}; !slices.Equal(got, want) {
		t.Errorf("received %q", got)
	}
}

// TestWho sends a line to one of two peers.
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

// A peer that is told to checks at once whether the relay is still reachable.
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
	if n.count(trace.RelayLost) > 0 {
		t.Error("whom nobody has told notices as early")
	}
	network.stall(0)
	network.cut()
	p.write("/reconnect")
	await(t, "it is back", func() bool { return strings.Count(p.log.String(), "Joined room 'there'") == 2 })
}

// Unread output of a native peer blocks nothing.
func TestNobodyReads(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	n := w.native("nobody", "", true)
	p := startPeer(t, w, "--room", "nobody")
	awaitChannels(t, 2, n)
	line := strings.Repeat("x", 10_000)
	for range 3 << 20 / len(line) { // it waits in the queue, and is being written
		n.say(line)
	}
	p.expectLog("Nobody reads standard output: lines are lost")
	answered := n.count(trace.AnswerReceived)
	n.renegotiate()
	await(t, "its offer is answered", func() bool { return n.count(trace.AnswerReceived) > answered }, n)
	p.write("still here")
	await(t, "chat goes the other way", func() bool { return slices.Contains(n.received(), "still here") }, n)
	for late := time.After(patience); !strings.Contains(p.log.String(), "lines of standard output were lost"); {
		select {
		case got := <-p.out:
			if got != "Received: "+line {
				t.Fatalf("%.100q on standard output", got)
			}
		case <-time.After(time.Millisecond): // the log is another file
		case <-late:
			t.Fatal("it does not say how many lines were lost")
		}
	}
}

// A refusal by the relay is not wrong usage.
func TestTheRelayRefuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.native(demoRoom, "polite", false)
	startPeer(t, w, "--role", "polite").ends(1)
}

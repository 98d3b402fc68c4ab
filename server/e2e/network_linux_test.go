package e2e

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"perfect-negotiation/server/relay"
)

// network is two network namespaces, joined by a link for media, each with a
// link of its own to a relay in between.
//
//	a  10.n.3.1 ──────────────────────── 10.n.3.2  b
//	   10.n.1.2 ── 10.n.1.1 relay 10.n.2.1 ── 10.n.2.2
type network struct {
	t       *testing.T
	n       int32  // no other has it
	a, b    string // the namespaces
	program string
	port    int
}

var lastNetwork atomic.Int32

// freeNetwork returns an n that nothing on this machine has, such as a network of a test
// run beside this one, or of one that was killed.
func freeNetwork(t *testing.T) int32 {
	t.Helper()
	const first, end = 64, 256
	lastNetwork.CompareAndSwap(0, first+rand.Int32N(end-first)) // other processes begin elsewhere
	taken, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for range end - first {
		n := first + lastNetwork.Add(1)%(end-first)
		if !slices.ContainsFunc(taken, func(a net.Addr) bool { return strings.HasPrefix(a.String(), fmt.Sprintf("10.%d.", n)) }) {
			return n
		}
	}
	t.Fatal("all networks are taken")
	return 0
}

func newNetwork(t *testing.T) *network {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("makes network namespaces, for which it must run as root")
	}
	n := &network{t: t, program: program(t), n: freeNetwork(t)}
	name := fmt.Sprintf("pn%d.%d", os.Getpid(), n.n) // at most 14 characters, for a link has 15
	n.a, n.b = name+"a", name+"b"
	if out, err := exec.Command("ip", "netns", "add", n.a).CombinedOutput(); err != nil {
		t.Skipf("network namespaces are not allowed here: %v %s", err, out)
	}
	t.Cleanup(func() {
		for _, name := range []string{n.a, n.b} {
			_ = exec.Command("ip", "link", "del", name).Run() // at once; a namespace takes its links with it later
			_ = exec.Command("ip", "netns", "del", name).Run()
		}
	})
	n.ip("netns add " + n.b)
	n.ip("-n " + n.a + " link add direct type veth peer name direct netns " + n.b)
	for i, name := range []string{n.a, n.b} {
		n.ip("link add " + name + " type veth peer name relay netns " + name)
		n.ip(fmt.Sprintf("addr add %s/24 dev %s", n.address(i+1, 1), name))
		n.ip("link set " + name + " up")
		n.ip(fmt.Sprintf("-n %s addr add %s/24 dev relay", name, n.address(i+1, 2)))
		n.ip(fmt.Sprintf("-n %s addr add %s/24 dev direct", name, n.address(3, i+1)))
		for _, link := range []string{"lo", "relay", "direct"} {
			n.ip(fmt.Sprintf("-n %s link set %s up", name, link))
		}
	}
	n.serve()
	return n
}

func (n *network) address(link, host int) string {
	return fmt.Sprintf("10.%d.%d.%d", n.n, link, host)
}

func (n *network) ip(arguments string) {
	n.t.Helper()
	if out, err := exec.Command("ip", strings.Fields(arguments)...).CombinedOutput(); err != nil {
		n.t.Fatalf("ip %s: %v %s", arguments, err, out)
	}
}

// serve runs a relay that both namespaces reach.
func (n *network) serve() {
	n.t.Helper()
	relay := relay.New(relay.Config{})
	server := &http.Server{Handler: relay, ReadHeaderTimeout: patience}
	for _, address := range []string{n.address(1, 1), n.address(2, 1)} {
		listener, err := net.Listen("tcp", fmt.Sprintf("%s:%d", address, n.port))
		if err != nil {
			n.t.Fatal(err)
		}
		n.port = listener.Addr().(*net.TCPAddr).Port
		go func() { _ = server.Serve(listener) }()
	}
	n.t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := relay.Shutdown(ctx); err != nil {
			n.t.Error("relay:", err)
		}
		_ = server.Close()
	})
}

// peer starts a native peer in a namespace.
func (n *network) peer(namespace, relay string, arguments ...string) *process {
	n.t.Helper()
	return start(n.t, "ip", append([]string{"netns", "exec", namespace, n.program, "peer",
		"--server", fmt.Sprintf("http://%s:%d", relay, n.port)}, arguments...)...)
}

func (p *process) lines() int {
	n := 0
	for line := range strings.Lines(p.out.String()) {
		if want := fmt.Sprintf("Received: line %d\n", n); line != want {
			p.t.Errorf("%q, not %q", line, want)
		}
		n++
	}
	return n
}

// until waits until the log has a text n times.
func (p *process) until(n int, text string) {
	p.t.Helper()
	deadline := time.Now().Add(90 * time.Second) // pion takes up to 30 s to call a connection failed
	for strings.Count(p.log.String(), text) < n {
		if time.Now().After(deadline) {
			p.t.Fatalf("%q is not %d times in the log", text, n)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

const connected = "✓ Peer connection connected!"

// TestTheNetworkChanges takes the network between two native peers away, and
// brings it back, or another one. What they say meanwhile comes, once and in order.
func TestTheNetworkChanges(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		change func(n *network, both []*process)
	}{
		{"the link goes down and comes back", func(n *network, both []*process) {
			n.ip("-n " + n.a + " link set direct down")
			for _, p := range both {
				p.until(1, "Peer connection state: disconnected")
				p.until(1, "estart") // it restarts ICE, or asks for it
			}
			n.ip("-n " + n.a + " link set direct up")
		}},
		{"an address changes", func(n *network, _ []*process) {
			n.ip("-n " + n.a + " addr del " + n.address(3, 1) + "/24 dev direct")
			n.ip("-n " + n.a + " addr add " + n.address(3, 9) + "/24 dev direct")
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			n := newNetwork(t)
			polite := n.peer(n.a, n.address(1, 1), "--role", "polite", "--connect", "auto")
			impolite := n.peer(n.b, n.address(2, 1), "--role", "impolite", "--connect", "auto")
			both := []*process{polite, impolite}
			for _, p := range both {
				p.until(1, connected)
			}
			stop := make(chan struct{})
			var wg sync.WaitGroup
			said := make([]int, len(both))
			for i, p := range both {
				wg.Go(func() {
					again := time.NewTicker(50 * time.Millisecond)
					defer again.Stop()
					for ; ; said[i]++ {
						select {
						case <-again.C:
							fmt.Fprintf(p.in, "line %d\n", said[i])
						case <-stop:
							return
						}
					}
				})
			}
			c.change(n, both)
			for _, p := range both {
				p.until(2, connected)
			}
			close(stop)
			wg.Wait()
			for i, p := range both {
				await(t, fmt.Sprintf("%d lines come", said[1-i]), func() bool { return p.lines() >= said[1-i] })
				if strings.Contains(p.log.String(), "Starting over") {
					t.Error("it made a new connection")
				}
			}
			t.Logf("%d and %d lines", said[0], said[1])
		})
	}
}

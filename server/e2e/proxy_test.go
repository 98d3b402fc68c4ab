package e2e

import (
	"bytes"
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"testing"
	"time"
)

// proxy stands between peers and the relay and simulates network faults.
type proxy struct {
	t        *testing.T
	listener net.Listener
	target   string

	mu      sync.Mutex
	moved   *sync.Cond // stalled or sockets has changed
	stalled direction
	delay   time.Duration // of what goes either way, at most
	conns   map[net.Conn]struct{}
	sockets map[net.Conn]bool // WebSockets of peers; true: the relay hears nothing more of it
	ended   sync.WaitGroup
}

// direction is where bytes go: a set of toRelay and toPeers.
type direction int

const (
	toRelay direction = 1 << iota
	toPeers
)

func newProxy(t *testing.T, target string) *proxy {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{t: t, listener: listener, target: target, conns: map[net.Conn]struct{}{}, sockets: map[net.Conn]bool{}}
	p.moved = sync.NewCond(&p.mu)
	p.ended.Go(p.accept)
	t.Cleanup(func() {
		_ = listener.Close()
		p.stall(0)
		p.cut()
		p.ended.Wait()
	})
	return p
}

func (p *proxy) url() string { return "http://" + p.listener.Addr().String() }

func (p *proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", p.target)
		if err != nil {
			_ = client.Close()
			continue
		}
		p.mu.Lock()
		p.conns[client], p.conns[server] = struct{}{}, struct{}{}
		p.mu.Unlock()
		p.ended.Go(func() { p.forward(client, server, toRelay) })
		p.ended.Go(func() { p.forward(server, client, toPeers) })
	}
}

// forward passes bytes on, and waits while the proxy is stalled.
func (p *proxy) forward(from, to net.Conn, d direction) {
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		p.mu.Lock()
		if d == toRelay && bytes.Contains(buffer[:n], []byte("\r\nUpgrade: websocket\r\n")) {
			p.sockets[from] = false
		}
		for p.stalled&d != 0 || p.sockets[from] {
			p.moved.Wait()
		}
		delay := p.delay
		p.mu.Unlock()
		if delay > 0 {
			time.Sleep(rand.N(delay))
		}
		if _, writeErr := to.Write(buffer[:n]); err != nil || writeErr != nil && !p.kept(to) {
			break
		}
	}
	for _, c := range []net.Conn{from, to} {
		_ = c.Close()
		p.forget(c)
	}
	_, _ = io.Copy(io.Discard, from)
}

func (p *proxy) forget(c net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.conns, c)
	delete(p.sockets, c)
	p.moved.Broadcast()
}

// cut ends n connections, or all, in the middle of whatever they carry.
func (p *proxy) cut(n ...int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	left := len(p.conns)
	if len(n) > 0 {
		left = n[0]
	}
	for c := range p.conns { // in any order
		if left == 0 {
			return
		}
		left--
		if tcp, ok := c.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0) // a reset, and what was not sent is lost
		}
		_ = c.Close()
	}
}

// keepSockets keeps the current WebSockets open at the relay, whatever happens to
// them at the peers.
func (p *proxy) keepSockets() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.sockets {
		p.sockets[c] = true
	}
}

// kept reports whether a peer's WebSocket stays open at the relay, which receives
// nothing more from it.
func (p *proxy) kept(c net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.sockets[c]
}

// stall silently blocks these directions: both for a network that is gone, one for a
// half-open connection.
func (p *proxy) stall(d direction) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stalled = d
	p.moved.Broadcast()
}

// slow delays traffic in either direction by up to d.
func (p *proxy) slow(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.delay = d
}

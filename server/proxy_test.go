package main

import (
	"io"
	"net"
	"sync"
	"testing"
)

// proxy stands between peers and the relay, and does what networks do.
type proxy struct {
	t        *testing.T
	listener net.Listener
	target   string

	mu      sync.Mutex
	moved   *sync.Cond // stalled has changed
	stalled bool
	conns   map[net.Conn]struct{}
	ended   sync.WaitGroup
}

func newProxy(t *testing.T, target string) *proxy {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{t: t, listener: listener, target: target, conns: map[net.Conn]struct{}{}}
	p.moved = sync.NewCond(&p.mu)
	p.ended.Go(p.accept)
	t.Cleanup(func() {
		_ = listener.Close()
		p.stall(false)
		p.cut()
		p.ended.Wait()
	})
	return p
}

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
		p.ended.Go(func() { p.forward(client, server) })
		p.ended.Go(func() { p.forward(server, client) })
	}
}

// forward passes bytes on, which wait while the proxy is stalled.
func (p *proxy) forward(from, to net.Conn) {
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		p.mu.Lock()
		for p.stalled {
			p.moved.Wait()
		}
		p.mu.Unlock()
		if _, writeErr := to.Write(buffer[:n]); err != nil || writeErr != nil {
			break
		}
	}
	for _, c := range []net.Conn{from, to} {
		_ = c.Close()
		p.mu.Lock()
		delete(p.conns, c)
		p.mu.Unlock()
	}
	_, _ = io.Copy(io.Discard, from)
}

// cut ends connections in the middle of whatever they carry: n of them, or all.
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

// stall lets nothing through, and says nothing of it, until it is over.
func (p *proxy) stall(is bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stalled = is
	p.moved.Broadcast()
}

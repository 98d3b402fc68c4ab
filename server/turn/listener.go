package turn

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/netip"
	"sync"
	"time"

	"perfect-negotiation/server/address"
)

const (
	handshakeTimeout  = 10 * time.Second
	writeTimeout      = 10 * time.Second
	sparePerAddress   = 16 // connections beyond the allocations that there may be
	spareInAll        = 256
	connectsPerSecond = 20 // from one address, as TLS makes each of them costly
	connectsAtOnce    = 200
	tlsHandshake      = 22 // the first byte of a connection over TLS, RFC 8446, section 5.1
	stunHeader        = 20 // bytes
	channelHeader     = 4  // bytes
)

var errNotTURN = errors.New("turn: a client sends what is neither STUN nor data of a channel")

// listener is where clients come over TCP, some of them with TLS. Pion accepts those that
// have said something.
type listener struct {
	net.Listener
	server *Server
	ready  chan net.Conn
	done   chan struct{}
	once   sync.Once
	err    error // of the first Close
	tasks  sync.WaitGroup

	mu    sync.Mutex
	pace  *pace
	conns map[*clientConn]struct{}
	of    map[netip.Addr]int // connections by address
}

func newListener(s *Server, tcp net.Listener) *listener {
	l := &listener{
		Listener: tcp, server: s,
		ready: make(chan net.Conn), done: make(chan struct{}),
		pace:  newPace(connectsPerSecond, connectsAtOnce),
		conns: map[*clientConn]struct{}{}, of: map[netip.Addr]int{},
	}
	l.tasks.Go(l.run)
	return l
}

// Accept returns the next connection from which there is something to read.
func (l *listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.ready:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

// Close ends all connections, too.
func (l *listener) Close() error {
	l.once.Do(func() {
		close(l.done)
		l.err = l.Listener.Close()
		l.mu.Lock()
		defer l.mu.Unlock()
		for c := range l.conns {
			_ = c.raw.Close() // it is gone, in any case
		}
	})
	return l.err
}

// wait returns when nothing of it runs any more.
func (l *listener) wait() { l.tasks.Wait() }

func (l *listener) run() {
	for {
		raw, err := l.Listener.Accept()
		if err != nil {
			select {
			case <-l.done:
				return
			case <-time.After(100 * time.Millisecond): // too many files are open
				continue
			}
		}
		if c := l.enter(raw); c != nil {
			l.tasks.Go(func() { l.prepare(c) })
		} else {
			l.server.counts.connections.Add(1)
			_ = raw.Close()
		}
	}
}

// enter counts a connection, or returns nil if there are too many, or too many at once.
func (l *listener) enter(raw net.Conn) *clientConn {
	account := address.Account(addrPort(raw.RemoteAddr()).Addr())
	limits := l.server.config
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case <-l.done:
		return nil
	default:
	}
	if len(l.conns) >= limits.InAll.Allocations+spareInAll || l.of[account] >= limits.PerAddress.Allocations+sparePerAddress || !l.pace.keeps(account, time.Now()) {
		return nil
	}
	c := &clientConn{Conn: raw, raw: raw, listener: l, account: account, client: clientAt(raw.RemoteAddr())}
	c.check = time.AfterFunc(limits.idle, c.needed)
	l.conns[c] = struct{}{}
	l.of[account]++
	return c
}

// prepare hands a connection on as soon as the client has said something, over TLS if
// that is how it begins.
func (l *listener) prepare(c *clientConn) {
	if err := c.begin(l.server.config.TLS); err != nil {
		_ = c.Close()
		return
	}
	select {
	case l.ready <- c:
	case <-l.done:
		_ = c.Close()
	}
}

// clientConn is a connection of a client. A Read returns one frame.
type clientConn struct {
	net.Conn // raw, or TLS over it
	raw      net.Conn
	listener *listener
	account  netip.Addr
	client   client
	check    *time.Timer
	once     sync.Once
	reader   *bufio.Reader
}

// begin waits for the first byte, and shakes hands if it is one of TLS.
func (c *clientConn) begin(config *tls.Config) error {
	_ = c.raw.SetDeadline(time.Now().Add(handshakeTimeout)) // fails only if closed
	reader := bufio.NewReaderSize(c.raw, maxPacket)
	first, err := reader.Peek(1)
	if err != nil {
		return err
	}
	if first[0] == tlsHandshake && config != nil {
		secured := tls.Server(peeked{c.raw, reader}, config)
		if err := secured.HandshakeContext(context.Background()); err != nil {
			return err
		}
		c.Conn, reader = secured, bufio.NewReaderSize(secured, maxPacket)
	}
	c.reader = reader
	return c.raw.SetDeadline(time.Time{})
}

// peeked is a connection of which something has been read ahead.
type peeked struct {
	net.Conn
	reader *bufio.Reader
}

func (p peeked) Read(b []byte) (int, error) { return p.reader.Read(b) }

// needed closes the connection if the client has no allocation.
func (c *clientConn) needed() {
	if c.listener.server.has(c.client) {
		c.check.Reset(c.listener.server.config.idle)
	} else {
		_ = c.raw.Close()
	}
}

// Read reads a whole frame: a STUN message, or data of a channel with its padding (RFC
// 8656, section 12.5). Pion's reader calls itself for each part of a frame.
func (c *clientConn) Read(b []byte) (int, error) {
	head, err := c.reader.Peek(channelHeader)
	if err != nil {
		return 0, err
	}
	size := int(binary.BigEndian.Uint16(head[2:]))
	switch head[0] >> 6 {
	case 0:
		size += stunHeader
	case 1:
		size = channelHeader + (size+3)&^3
	default:
		return 0, errNotTURN
	}
	if size > min(len(b), maxPacket) {
		return 0, errNotTURN
	}
	return io.ReadFull(c.reader, b[:size])
}

// Write closes the connection of a client that does not read.
func (c *clientConn) Write(b []byte) (int, error) {
	_ = c.Conn.SetWriteDeadline(time.Now().Add(writeTimeout)) // fails only if closed
	n, err := c.Conn.Write(b)
	if err != nil {
		_ = c.raw.Close()
	}
	return n, err
}

// Close ends the connection.
func (c *clientConn) Close() error {
	c.once.Do(func() {
		c.check.Stop()
		l := c.listener
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.conns, c)
		if l.of[c.account]--; l.of[c.account] == 0 {
			delete(l.of, c.account)
		}
	})
	return c.raw.Close()
}

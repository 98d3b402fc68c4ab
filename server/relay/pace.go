package relay

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"net/http"
	"sync"
	"time"

	"perfect-negotiation/negotiation/signaling/wire"
)

// Bounds on what is read from a client whose connection is ending.
const (
	maxLast     = 256 << 10 // bytes
	lastTimeout = time.Second
)

// pace is how fast one client is read, in bytes of what it costs. A client that comes
// back with its key shares it with its old connection. Its methods may be called from
// any goroutine.
type pace struct {
	mu sync.Mutex
	bucket
}

func newPace(perSecond int, config *Config, now time.Time) *pace {
	burst := max(config.QueueBytes/2, wire.MaxFrame+messageCost)
	return &pace{bucket: newBucket(float64(perSecond), float64(burst), now)}
}

// pay charges the client, and returns how long it must wait.
func (p *pace) pay(bytes int) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.spend(float64(bytes))
	if p.left < 0 {
		p.fill(time.Now())
	}
	return p.until(0)
}

// change lets the client go on at another speed, in bytes a second.
func (p *pace) change(rate float64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fill(time.Now())
	p.rate = rate
}

// paced is the network connection of a client, which is read no faster than the client
// and all others from its address pay for, whatever the bytes are.
type paced struct {
	net.Conn
	conn  *conn
	last  int       // bytes read since it began to end
	until time.Time // no more is read after this; zero: none was read since it began to end

	answered bool   // the handshake was
	answer   []byte // to it, until the first frame
}

// Read waits until the client owes nothing. Once the connection is ending it no longer
// waits, and reads little more than maxLast, for lastTimeout.
func (p *paced) Read(b []byte) (int, error) {
	ending := p.conn.pay()
	if ending && p.isOver() {
		return 0, io.EOF
	}
	n, err := p.Conn.Read(b[:min(len(b), wire.MaxFrame)])
	p.conn.owed.bytes += n
	if ending {
		p.last += n
	}
	return n, err
}

func (p *paced) isOver() bool {
	switch {
	case p.last == 0:
		return false
	case p.until.IsZero():
		p.until = time.Now().Add(lastTimeout)
		return false
	default:
		return p.last > maxLast || time.Now().After(p.until)
	}
}

// Write holds the first bytes back, the answer to the handshake, until a frame follows:
// that is a welcome or an error, at once. So the client gets both in one packet.
func (p *paced) Write(b []byte) (int, error) {
	switch {
	case !p.answered:
		p.answered, p.answer = true, bytes.Clone(b)
		return len(b), nil
	case p.answer != nil:
		before := len(p.answer)
		n, err := p.Conn.Write(append(p.answer, b...))
		p.answer = nil
		return max(n-before, 0), err
	default:
		return p.Conn.Write(b)
	}
}

// pacer makes Hijack return a paced connection.
type pacer struct{ http.ResponseWriter }

func (p pacer) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	c, buffers, err := http.NewResponseController(p.ResponseWriter).Hijack()
	if err == nil {
		boundSendBuffer(c)
	}
	return &paced{Conn: c}, buffers, err
}

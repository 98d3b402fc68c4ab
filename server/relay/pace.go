package relay

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"time"

	"perfect-negotiation/negotiation/signaling/wire"
)

// maxLast is how much is read from a client whose connection is ending, in bytes.
const maxLast = 1 << 20

// paced is the network connection of a client, which is read no faster than the
// client's pace allows, whatever the bytes are.
type paced struct {
	net.Conn
	conn *conn
	last int // bytes read since it began to end
}

// Read waits until the client owes nothing. Once the connection is ending it no
// longer waits, and reads little more than maxLast.
func (p *paced) Read(b []byte) (int, error) {
	ending := p.conn.pace.WaitN(p.conn.ended, 0) != nil
	if ending && p.last > maxLast {
		return 0, io.EOF
	}
	n, err := p.Conn.Read(b[:min(len(b), wire.MaxFrame)])
	p.conn.pace.ReserveN(time.Now(), n)
	if ending {
		p.last += n
	}
	return n, err
}

// pacer makes Hijack return a paced connection.
type pacer struct{ http.ResponseWriter }

func (p pacer) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	c, buffers, err := http.NewResponseController(p.ResponseWriter).Hijack()
	return &paced{Conn: c}, buffers, err
}

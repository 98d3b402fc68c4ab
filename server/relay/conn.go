package relay

import (
	"context"
	"errors"
	"io"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
	"golang.org/x/time/rate"

	"perfect-negotiation/negotiation/signaling/wire"
)

// closeTimeout is how long a client has to read the error that ends its
// connection and to answer the close.
const closeTimeout = 5 * time.Second

// messageCost is the overhead of a message for the relay and its readers, in
// bytes.
const messageCost = 256

// conn is the connection of a client. One goroutine, serve, reads it; another
// one writes while there is something to write.
type conn struct {
	relay  *Relay
	ws     *websocket.Conn
	name   string      // of the room
	member wire.Member // what the others know of it
	dial   dial
	spoken int   // its protocol number
	room   *room // nil until it has joined; constant from then on
	queue  queue
	pace   *rate.Limiter // how fast it is read, in bytes of the network; a replaced connection leaves it to the next

	ending    atomic.Bool     // end was called: nothing more is taken from the client
	heard     atomic.Bool     // it gave a sign of life since the sweeper looked
	ended     context.Context // done: nothing waits for pace
	cancel    context.CancelFunc
	receiving bool // serve is inside a message

	heardAt, pingedAt time.Time // the sweeper's
}

func newConn(r *Relay, ws *websocket.Conn, j joinRequest) *conn {
	now := time.Now()
	ended, cancel := context.WithCancel(context.Background())
	c := &conn{
		relay:    r,
		ws:       ws,
		name:     j.room,
		member:   j.member,
		dial:     j.dial,
		spoken:   j.spoken,
		queue:    queue{maxFrames: r.config.QueueMessages, maxBytes: r.config.QueueBytes},
		pace:     rate.NewLimiter(rate.Limit(r.config.BytesPerSecond), max(r.config.QueueBytes/2, wire.MaxFrame+messageCost)),
		ended:    ended,
		cancel:   cancel,
		heardAt:  now,
		pingedAt: now,
	}
	ws.NetConn().(*paced).conn = c
	ws.SetPongHandler(func(string) error {
		c.alive()
		return nil
	})
	// The pong waits its turn in the queue: written from here it would block
	// behind a client that pings but does not read.
	ws.SetPingHandler(func(data string) error {
		c.alive()
		c.push(frame{websocket.PongMessage, []byte(data)})
		return nil
	})
	return c
}

// alive notes a sign of life. Control frames inside a message do not count, or
// a client could hold memory for a message that it never completes.
func (c *conn) alive() {
	if !c.receiving {
		c.heard.Store(true)
	}
}

// serve runs the connection from the join to the end. If refused is not nil,
// the client gets that error instead.
func (c *conn) serve(refused *wire.Error) {
	c.relay.add(c)
	if refused == nil {
		refused = c.relay.join(c)
	}
	if refused != nil {
		c.relay.config.Logger.Debug("client refused", "code", refused.Code)
		c.end(refused)
	} else {
		c.receive()
		c.relay.leave(c)
	}
	// Closing a socket with unread data resets it, and the client may lose the error
	// that it was sent. So read on until it closes, its time is over, or it has sent
	// more than maxLast.
	for {
		if _, _, err := c.ws.NextReader(); err != nil {
			break
		}
	}
	c.queue.drop()
	c.ws.Close()
	c.cancel()
	c.relay.remove(c)
}

// receive relays messages until the connection ends or must end.
func (c *conn) receive() {
	for {
		kind, r, err := c.ws.NextReader()
		if err != nil || !c.message(kind, r) {
			return
		}
		c.pace.ReserveN(time.Now(), messageCost)
	}
}

// message relays one message, and reports whether more may follow.
func (c *conn) message(kind int, r io.Reader) (ok bool) {
	buffer := buffers.Get().(*[]byte)
	defer buffers.Put(buffer)

	c.receiving = true
	err := readMessage(r, buffer)
	c.receiving = false
	if errors.Is(err, errTooLarge) {
		c.end(errTooLarge)
		return false
	}
	if err != nil || c.ending.Load() {
		return false
	}
	c.alive()

	if kind != websocket.TextMessage {
		c.refuse(wire.CodeBadMessage, "messages must be text, not binary")
		return true
	}
	envelope, err := peek(*buffer)
	if err != nil {
		c.refuse(wire.CodeBadMessage, err.Error())
		return true
	}
	c.relay.pass(c, envelope, envelope.stamp(*buffer, c.member.ID))
	return true
}

// refuse tells the client that one of its messages was not relayed.
func (c *conn) refuse(code, message string) {
	c.send(notice{Error: &wire.Error{Code: code, Message: message}}.encode())
}

// send queues a text for the client and never blocks. If too much waits
// already, the client is evicted. The caller may hold the lock of a room.
func (c *conn) send(text []byte) { c.push(frame{websocket.TextMessage, text}) }

func (c *conn) push(f frame) {
	start, full := c.queue.push(f)
	switch {
	case full:
		c.relay.config.Logger.Info("client evicted", "id", c.member.ID, "code", wire.CodeSlow)
		c.end(errSlow)
		// leave locks the room, which the caller may have locked.
		c.relay.running.Go(func() { c.relay.leave(c) })
	case start:
		c.relay.running.Go(c.write)
	}
}

// write writes the queue. If that fails, so does serve.
func (c *conn) write() {
	for {
		f, ok := c.queue.next()
		if !ok {
			return
		}
		_ = c.ws.SetWriteDeadline(time.Now().Add(c.relay.config.WriteTimeout)) // never fails
		if c.ws.WriteMessage(f.kind, f.data) != nil {
			c.queue.drop()
			c.ws.Close()
		}
	}
}

// end tells the client why its connection ends and closes it, in closeTimeout
// at most. It does not block; only the first call counts.
func (c *conn) end(reason *wire.Error) {
	if c.ending.Swap(true) {
		return
	}
	start := c.queue.finish(reason == errSlow,
		frame{websocket.TextMessage, notice{Error: reason}.encode()},
		frame{websocket.CloseMessage, websocket.FormatCloseMessage(wire.CloseCode(reason.Code), reason.Code)})
	if start {
		c.relay.running.Go(c.write)
	}
	_ = c.ws.SetReadDeadline(time.Now().Add(closeTimeout)) // fails only if closed
	c.cancel()
}

// abort makes serve end the connection at once. Unlike Close it never blocks.
func (c *conn) abort() {
	_ = c.ws.SetReadDeadline(time.Unix(1, 0)) // fails only if closed
	c.cancel()
}

// buffers holds the buffers of messages that are being read.
var buffers = sync.Pool{New: func() any { return new(make([]byte, 0, 4<<10)) }}

// readMessage reads r into the buffer, which grows with what has arrived, not
// with what a header announces. It returns errTooLarge if there is more than
// [wire.MaxFrame].
func readMessage(r io.Reader, buffer *[]byte) error {
	b := (*buffer)[:0]
	defer func() { *buffer = b }()
	for {
		if len(b) > wire.MaxFrame {
			return errTooLarge
		}
		if len(b) == cap(b) {
			b = slices.Grow(b, len(b))
		}
		n, err := r.Read(b[len(b):cap(b)])
		b = b[:len(b)+n]
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

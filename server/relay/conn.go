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

	"perfect-negotiation/negotiation/signaling/wire"
)

// closeTimeout is how long a client has to read the error that ends its
// connection and to answer the close.
const closeTimeout = 5 * time.Second

// messageCost is the overhead of a message for the relay and for each of its readers,
// in bytes.
const messageCost = 256

// pingsPerSecond is how many pings a client may send. Nothing needs more.
const pingsPerSecond = 10

// conn is the connection of a client. One goroutine, serve, reads it; another
// one writes while there is something to write.
type conn struct {
	relay  *Relay
	ws     *websocket.Conn
	name   string      // of the room
	member wire.Member // what the others know of it
	dial   dial
	spoken int   // its protocol number
	grant  Grant // its limits are not zero
	room   *room // nil until it has joined, and if the room lives on another node; constant from then on
	queue  queue

	guest *guest // it is a client of another node, and has no WebSocket; else nil
	away  *away  // nil: there is no cluster

	pace    *pace    // of the client; a replaced connection leaves it to the next
	account *account // of its address; nil: not counted
	share   share    // of the account
	owed    cost     // since serve paid last
	toll    int      // the same, for what the others are slow to read; only pace is charged

	in        atomic.Bool     // it has been in a room
	ending    atomic.Bool     // end was called: nothing more is taken from the client
	heard     atomic.Bool     // it gave a sign of life since the sweeper looked
	ended     context.Context // done: nothing waits for pace
	cancel    context.CancelFunc
	receiving bool // serve is inside a message

	// The sweeper's.
	heardAt, pingedAt time.Time
	mark              uint64    // the frames that were put until readAt
	readAt            time.Time // no frame before the mark waited then
	freshAt           time.Time // when fresh ICE servers are due; zero: never
}

func newConn(r *Relay, ws *websocket.Conn, j joinRequest, a *account) *conn {
	now := time.Now()
	perSecond := j.grant.BytesPerSecond
	ended, cancel := context.WithCancel(context.Background())
	c := &conn{
		relay:    r,
		ws:       ws,
		name:     j.room,
		member:   j.member,
		dial:     j.dial,
		spoken:   j.spoken,
		grant:    j.grant,
		queue:    queue{maxFrames: r.config.QueueMessages, maxBytes: r.config.QueueBytes, all: &r.backlog},
		pace:     newPace(perSecond, &r.config, now),
		account:  a,
		ended:    ended,
		cancel:   cancel,
		heardAt:  now,
		pingedAt: now,
		readAt:   now,
	}
	ws.NetConn().(*paced).conn = c
	ws.SetPongHandler(func(string) error {
		c.charge(1, 0)
		c.alive()
		return nil
	})
	// The pong waits its turn in the queue: written from here it would block
	// behind a client that pings but does not read.
	ws.SetPingHandler(func(data string) error {
		c.charge(1, 0)
		c.toll += perSecond / pingsPerSecond
		c.alive()
		c.push(frame{websocket.PongMessage, []byte(data), nil})
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

// enter joins the room, and reports whether it has. If refused is not nil, the client
// gets that error instead.
func (c *conn) enter(refused *wire.Error) (joined bool) {
	c.relay.add(c)
	switch {
	case refused != nil:
	case c.relay.config.Cluster == nil:
		refused = c.relay.join(c)
	default:
		refused = c.relay.find(c)
	}
	if refused != nil {
		c.relay.config.Logger.Debug("client refused", "code", refused.Code)
		c.end(refused)
	}
	return refused == nil
}

// serve runs the connection to its end.
func (c *conn) serve(joined bool) {
	if joined {
		c.receive()
		c.relay.depart(c)
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
	c.cancel()
	c.pay()
	c.relay.remove(c) // before the client sees that its place is free
	c.ws.Close()
}

// charge notes that the client has caused so many deliveries of so many bytes. The
// bytes of the first one were charged when they were read.
func (c *conn) charge(deliveries, bytes int) {
	n := max(deliveries, 1)
	c.owed.add(cost{bytes: n*messageCost + (n-1)*bytes, frames: n})
}

// owe notes a toll. It is in bytes at the usual speed, because it stands for a time.
func (c *conn) owe(toll int) {
	c.toll += toll * c.grant.BytesPerSecond / c.relay.config.BytesPerSecond
}

// pay waits until the client has paid for what it has cost, and reports whether its
// connection is ending: then it need not wait. Only serve calls it.
func (c *conn) pay() (ending bool) {
	c.away.collect(&c.owed, &c.toll)
	owed, toll := c.owed, c.toll
	c.owed, c.toll = cost{}, 0
	waited := false
	for wait := c.pace.pay(owed.bytes + toll); wait > 0 && c.ended.Err() == nil; wait = c.pace.pay(0) {
		waited = true
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-c.ended.Done():
			timer.Stop()
		}
	}
	if c.ended.Err() != nil {
		c.account.settle(owed)
		return true
	}
	if c.account.pay(c.ended, &c.share, owed) || waited {
		c.alive() // it is us who have not read
	}
	return c.ended.Err() != nil
}

// receive relays messages until the connection ends or must end.
func (c *conn) receive() {
	for {
		kind, r, err := c.ws.NextReader()
		if err != nil || !c.message(kind, r) {
			return
		}
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
		c.bad("messages must be text, not binary")
		return true
	}
	envelope, err := peek(*buffer)
	if err != nil {
		c.bad(err.Error())
		return true
	}
	c.relay.totals.taken(len(*buffer))
	message := envelope.stamp(*buffer, c.member.ID)
	if c.room == nil {
		c.away.place.Pass(Message{envelope.to, envelope.addressed, message.data})
		c.charge(1, len(message.data)) // for further deliveries there is receiver.Charge
		message.release()
		return true
	}
	deliveries, toll := c.relay.pass(c, envelope, frame{websocket.TextMessage, message.data, message})
	c.charge(deliveries, len(message.data))
	message.release()
	c.owe(toll)
	return true
}

// bad refuses a message of the client.
func (c *conn) bad(why string) {
	toll := c.refuse(wire.CodeBadMessage, why)
	c.charge(1, 0)
	c.owe(toll)
}

// refuse tells the client that one of its messages was not relayed, and returns the
// toll of that.
func (c *conn) refuse(code, message string) (toll int) {
	c.relay.totals.rejects.add(code)
	return c.send(notice{Error: &wire.Error{Code: code, Message: message}}.encode())
}

// send queues a text for the client and never blocks. If too much waits
// already, the client is evicted. It returns what the sender of the text pays on top
// because of what waits. The caller may hold the lock of a room.
func (c *conn) send(text []byte) (toll int) { return c.push(frameOf(text)) }

func (c *conn) push(f frame) int {
	if c.guest != nil {
		return c.guest.push(f, c.relay.config.BytesPerSecond)
	}
	waiting, start, full := c.queue.push(f)
	switch {
	case full:
		c.evict()
		return 0
	case start:
		c.relay.running.Go(c.write)
	}
	return toll(len(f.data), waiting, c.queue.maxBytes, c.relay.config.BytesPerSecond)
}

// evict ends the connection of a client that does not read.
func (c *conn) evict() {
	c.relay.config.Logger.Info("client evicted", "id", c.member.ID, "code", wire.CodeSlow)
	c.end(errSlow)
	// depart locks the room, which the caller may have locked.
	c.relay.running.Go(func() { c.relay.depart(c) })
}

// write writes the queue. If that fails, so does serve.
func (c *conn) write() {
	for {
		f, ok := c.queue.next()
		if !ok {
			return
		}
		_ = c.ws.SetWriteDeadline(time.Now().Add(c.relay.config.WriteTimeout)) // never fails
		err := c.ws.WriteMessage(f.kind, f.data)
		f.of.release()
		if err != nil {
			c.queue.drop()
			c.ws.Close()
			continue
		}
		c.relay.totals.written(len(f.data))
	}
}

// end tells the client why its connection ends and closes it, in closeTimeout
// at most. It does not block; only the first call counts.
func (c *conn) end(reason *wire.Error) {
	if c.ending.Swap(true) {
		return
	}
	if c.guest != nil {
		c.guest.to.End(reason)
		return
	}
	if !c.in.Load() {
		c.relay.totals.rejects.add(reason.Code)
	} else {
		c.relay.totals.evictions.add(reason.Code)
	}
	start := c.queue.finish(reason == errSlow,
		frameOf(notice{Error: reason}.encode()),
		frame{websocket.CloseMessage, websocket.FormatCloseMessage(wire.CloseCode(reason.Code), reason.Code), nil})
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

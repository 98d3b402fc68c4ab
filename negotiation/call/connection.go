package call

import (
	"errors"
	"fmt"
	"time"

	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation"
	"perfect-negotiation/negotiation/internal/reads"
	"perfect-negotiation/negotiation/internal/timing"
	"perfect-negotiation/negotiation/recovery"
	"perfect-negotiation/negotiation/signaling"
	"perfect-negotiation/negotiation/signaling/link"
	"perfect-negotiation/negotiation/signaling/wire"
	"perfect-negotiation/negotiation/trace"
)

// connection is one PeerConnection, for as long as two sessions are bound to each other.
type connection struct {
	pc       *webrtc.PeerConnection
	session  *negotiation.Session
	recovery *recovery.Recovery
	asked    timing.Allowance // for offers that the other side requests
}

// receive handles what has come from the other side.
func (c *Call) receive(e signaling.Envelope) {
	if e.Hello != nil && e.Hello.Protocol < wire.MinProtocol {
		c.failure = fmt.Errorf("%w: %d, and at least %d is needed", ErrProtocol, e.Hello.Protocol, wire.MinProtocol)
		return
	}
	outcome := c.link.Receive(e.Frame(), time.Since(c.bound) >= bindsApart)
	if outcome.Bound {
		c.end(trace.NewSession)
		c.begin()
	}
	ours, theirs := c.link.Session()
	switch {
	case e.Bye && e.PeerSession == ours && e.Session == theirs:
		c.end(trace.OtherLeft)
		c.link.Renew()
	case !outcome.Delivered || c.current == nil:
	case e.Request == wire.RequestRestart:
		c.current.recovery.Asked()
	case e.Request == wire.RequestOffer:
		c.offerRequested()
	case e.Message != nil:
		m := *e.Message
		m.ID = trace.Message{Session: e.Session, Seq: e.Seq}
		if err := c.current.session.Receive(m); errors.Is(err, negotiation.ErrQueueFull) {
			c.startOver(trace.TooFast, err)
		}
	}
	c.flush()
}

func (c *Call) offerRequested() {
	if current := c.current; current != nil && current.asked.Grant(c.enqueue, c.offerRequested) {
		current.session.Renegotiate()
	}
}

// begin makes the connection of a binding.
func (c *Call) begin() {
	c.bound = time.Now()
	c.life++
	current, err := c.attach()
	if err != nil {
		c.startOver(trace.CannotPair, err)
		return
	}
	c.set(current)
	c.tell(trace.Event{Kind: trace.Paired})
}

func (c *Call) attach() (*connection, error) {
	pc, err := c.connect()
	if err != nil {
		return nil, err
	}
	current := &connection{pc: pc, asked: timing.Allowance{Apart: offersApart, Burst: offersAhead}}
	// is runs f on the Call's goroutine, if the connection is still there.
	is := func(f func()) {
		c.enqueue(func() {
			if c.current == current {
				f()
			}
		})
	}
	current.recovery = recovery.New(recovery.Config{
		Role:    c.role,
		Enqueue: c.enqueue,
		Restart: func() { current.session.RestartICE() },
		Ask:     func() { c.post(signaling.Envelope{Request: wire.RequestRestart}) },
		Replace: func(why trace.Code) { c.startOver(why, nil) },
		Trace:   c.tell,
	})
	pc.OnConnectionStateChange(func(state webrtc.PeerConnectionState) { is(func() { c.stateChanged(state) }) })
	send := func(m negotiation.Message) error {
		is(func() { c.post(signaling.Envelope{Message: &m}) })
		return nil // the link sends again what is lost
	}
	told := func(e trace.Event) {
		is(func() {
			e.Life = c.life
			c.trace(e)
			current.recovery.Observe(e)
		})
	}
	current.session, err = negotiation.Attach(pc, c.role, send, append(c.options(pc), negotiation.WithTrace(told))...)
	if err != nil {
		return nil, errors.Join(err, pc.Close())
	}
	session := current.session
	c.wait.Go(func() {
		<-session.Done()
		is(func() {
			if errors.Is(session.Err(), negotiation.ErrClosed) {
				c.hungUp()
			} else {
				c.startOver(trace.Wedged, session.Err())
			}
		})
		_ = pc.Close()
		reads.End(pc)
	})
	return current, nil
}

// stateChanged is called with each state of the connection.
func (c *Call) stateChanged(state webrtc.PeerConnectionState) {
	kind := trace.ConnectionState
	switch state {
	case webrtc.PeerConnectionStateConnected:
		c.failed = 0
		kind = trace.Connected
	case webrtc.PeerConnectionStateClosed:
		defer c.hungUp()
	}
	c.tell(trace.Event{Kind: kind, Code: trace.Code(state.String()), Detail: state.String()})
	c.current.recovery.StateChanged(state)
}

// hungUp is called when the connection was closed from outside: by the application or,
// natively, by the other side.
func (c *Call) hungUp() {
	c.end(trace.OtherHungUp)
	c.link.Renew()
	c.flush()
}

// startOver replaces a connection that cannot go on, or could not be made.
func (c *Call) startOver(why trace.Code, err error) {
	c.end(why)
	c.link.Renew()
	if c.failed++; c.failed > maxFailed {
		c.failure = ErrFailed
		if err != nil {
			c.failure = fmt.Errorf("%w: %w", ErrFailed, err)
		}
		c.tell(trace.Event{Kind: trace.GivenUp, Code: trace.CannotConnect, Err: err, Detail: c.failure.Error()})
		return
	}
	e := trace.Event{Kind: trace.StartingOver, Code: why, Err: err, Detail: why.Words()}
	if err != nil {
		e.Detail = err.Error()
	}
	c.tell(e)
	c.flush()
}

// end ends the connection, if there is one.
func (c *Call) end(why trace.Code) {
	current := c.current
	if current == nil {
		return
	}
	c.set(nil)
	current.recovery.Stop()
	current.asked.Stop()
	current.session.Close() // which closes the PeerConnection
	c.tell(trace.Event{Kind: trace.Unpaired, Code: why, Detail: why.Words()})
}

func (c *Call) set(current *connection) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.current = current
}

// post sends an envelope to the session that is bound to ours.
func (c *Call) post(e signaling.Envelope) {
	err := c.link.Send(e)
	c.flush()
	if errors.Is(err, link.ErrFull) {
		c.startOver(trace.Unacknowledged, err)
	}
}

// flush sends the link's frames.
func (c *Call) flush() {
	for _, f := range c.link.Frames() {
		c.transmit(signaling.Framed(f, wire.Hello{Source: negotiation.Source, Protocol: wire.Protocol}))
	}
	c.retransmission.Update(c.link, false, false)
}

func (c *Call) transmit(e signaling.Envelope) {
	frame, err := e.MarshalJSON()
	switch {
	case err != nil:
	case len(frame) > wire.MaxFrame:
		err = signaling.ErrTooLarge
		c.failure = fmt.Errorf("%w: %w", ErrFailed, err) // another connection would say the same
	default:
		err = c.send(frame)
	}
	if err != nil {
		c.tell(trace.Event{Kind: trace.MessageLost, Err: err, Detail: err.Error()})
	}
}

// stalled is called when the other side has not acknowledged anything for some time,
// and when it does again.
func (c *Call) stalled(is bool) {
	if is {
		c.tell(trace.Event{Kind: trace.SignalingStalled, Code: trace.Unacknowledged})
	} else {
		c.tell(trace.Event{Kind: trace.SignalingResumed})
	}
}

func (c *Call) tell(e trace.Event) {
	e.Time, e.Role, e.Life = time.Now(), c.role, c.life
	c.trace(e)
}

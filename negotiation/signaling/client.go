package signaling

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"perfect-negotiation/negotiation/internal/random"
	"perfect-negotiation/negotiation/signaling/wire"
)

// Errors of a [Client].
var (
	// ErrNotConnected says that there is no connection to the relay right now.
	ErrNotConnected = errors.New("signaling: not connected to the relay")
	// ErrSlow says that the relay takes our messages too slowly.
	ErrSlow = errors.New("signaling: too many messages wait for the relay")
	// ErrTooLarge says that a message exceeds the relay's limit.
	ErrTooLarge = fmt.Errorf("signaling: a message is over the relay's limit of %d bytes", wire.MaxFrame)
)

// errDialAgain says that Check was called during a long dial.
var errDialAgain = errors.New("signaling: dialling took long, and something has changed")

const (
	maxWaiting     = 512 // frames queued to be written
	connectTimeout = 10 * time.Second
	redialAfter    = time.Second     // before Check may abandon a dial for a new one
	silentFor      = 5 * time.Second // of silence before the relay is probed
	answerWithin   = 8 * time.Second // for the probe to come back, else the connection is given up
	answerAtOnce   = 3 * time.Second // the same after Check
	minBackoff     = 250 * time.Millisecond
	soonBackoff    = 2 * time.Second // the delay doubles up to this, so that a restarted relay is found soon
	soonTries      = 12              // after this many the delay is maxBackoff
	maxBackoff     = 10 * time.Second
	maxRetryAfter  = time.Minute // for a relay that asks for more
)

// Handler is the callbacks of a [Client], which do not overlap.
type Handler struct {
	// Connected is called before the first envelope of a connection.
	Connected func()
	// Received is called for each envelope, in order.
	Received func(Envelope)
	// Disconnected is called when a connection is lost or could not be made.
	// The client tries again after retry. If final is set it does not, and no
	// further call is made.
	Disconnected func(err error, retry time.Duration, final bool)
}

// Client is a connection to a relay. It reconnects when the connection is lost;
// messages in flight at that moment are lost.
type Client struct {
	handler   Handler
	url       string
	protocols []string
	token     func(context.Context) (string, error)
	ticket    string // the last one; run's
	onTicket  func(string)
	ca        []byte
	cancel    context.CancelFunc
	done      chan struct{}
	check     chan struct{} // a call of Check is pending; capacity 1

	mu  sync.Mutex
	out chan []byte // nil: not connected
}

// conn is a WebSocket. read and write are called by one goroutine each; close
// ends both.
type conn interface {
	read() ([]byte, error)
	write([]byte) error
	close()
}

// NewKey returns a new secret identity of 128 bits.
func NewKey() string {
	return base64.RawURLEncoding.EncodeToString(random.Bytes(16))
}

// Connect starts a client, which runs until Close is called or ctx ends. It
// returns an error if the options can never work; all else is reported to
// handler.
func Connect(ctx context.Context, o Options, handler Handler) (*Client, error) {
	address, err := o.address()
	if err != nil {
		return nil, fmt.Errorf("signaling: %w", err)
	}
	if o.Key == "" {
		o.Key = NewKey()
	}
	ctx, cancel := context.WithCancel(ctx)
	c := &Client{
		handler:   handler,
		url:       address,
		protocols: []string{wire.Subprotocol, wire.KeyPrefix + o.Key},
		token:     o.Token,
		ticket:    o.Ticket,
		onTicket:  o.OnTicket,
		ca:        o.CA,
		cancel:    cancel,
		done:      make(chan struct{}),
		check:     make(chan struct{}, 1),
	}
	go c.run(ctx)
	return c, nil
}

// Send queues an envelope. It never blocks. An error means that it was not
// sent; nil does not mean that it will arrive.
func (c *Client) Send(e Envelope) error {
	frame, err := e.MarshalJSON()
	if err != nil {
		return fmt.Errorf("signaling: %w", err)
	}
	if len(frame) > wire.MaxFrame {
		return ErrTooLarge
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.out == nil {
		return ErrNotConnected
	}
	select {
	case c.out <- frame:
		return nil
	default:
		return ErrSlow
	}
}

// Check probes the connection now or, if there is none, reconnects now. Call it
// when the network has changed or the machine was asleep.
func (c *Client) Check() {
	select {
	case c.check <- struct{}{}:
	default:
	}
}

// Close ends the connection once all queued envelopes are written. The handler
// is not called after [Client.Done] is closed.
func (c *Client) Close() { c.cancel() }

// Done is closed when the client has ended.
func (c *Client) Done() <-chan struct{} { return c.done }

func (c *Client) run(ctx context.Context) {
	defer close(c.done)
	defer c.cancel()
	name, admitted := NewKey(), false
	shown, expired := "", error(nil) // the last token, and what the relay said if it has expired
	for failures, number := 0, 1; ; failures, number = failures+1, number+1 {
		token, err := c.currentToken(ctx)
		if err == nil && token == shown && expired != nil && !admitted {
			c.handler.Disconnected(expired, 0, true)
			return
		}
		welcomed := false
		if err == nil {
			shown, expired = token, nil
			welcomed, err = c.connection(ctx, fmt.Sprintf("%s&dial=%s.%d", c.url, name, number), token)
		}
		if ctx.Err() != nil {
			return
		}
		if welcomed {
			failures, admitted = 0, true
		}
		var refused *wire.Error
		if errors.As(err, &refused) {
			if final(refused.Code, admitted) {
				c.handler.Disconnected(err, 0, true)
				return
			}
			if refused.Code == wire.CodeTokenExpired {
				expired = err
			}
		}
		retry := delay(err, failures)
		c.handler.Disconnected(err, retry, false)
		select {
		case <-time.After(retry):
		case <-c.check:
		case <-ctx.Done():
			return
		}
	}
}

// currentToken returns the token for the next connection; empty: none.
func (c *Client) currentToken(ctx context.Context) (string, error) {
	if c.token == nil {
		return "", nil
	}
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	token, err := c.token(ctx)
	switch {
	case err != nil:
		return "", fmt.Errorf("there is no token for the relay: %w", err)
	case token != "" && !wire.ValidToken(token):
		return "", errors.New("the token " + wire.TokenRule)
	default:
		return token, nil
	}
}

// final reports whether connecting again cannot help. A client that was in the room
// keeps trying when its role is taken or the room is full: it gets in again once
// there is a place.
func final(code string, admitted bool) bool {
	switch code {
	case wire.CodeBadRoom, wire.CodeBadRole, wire.CodeBadRank, wire.CodeBadKey, wire.CodeBadProtocol, wire.CodeReplaced,
		wire.CodeBadToken, wire.CodeForbidden:
		return true
	case wire.CodeRoleTaken, wire.CodeRoomFull:
		return !admitted
	}
	return false
}

// delay returns the time to wait after a connection has ended with err, and after so
// many failures in a row: at least what the relay asks for, up to maxRetryAfter.
func delay(err error, failures int) time.Duration {
	if errors.Is(err, errDialAgain) {
		return 0
	}
	d := backoff(failures)
	var refused *wire.Error
	if errors.As(err, &refused) {
		asked := min(refused.RetryAfter, maxRetryAfter.Seconds())
		d = max(d, time.Duration(asked*float64(time.Second)))
	}
	return d
}

// backoff returns the time to wait after so many failures in a row: a random 0.5 to
// 1.5 times the delay, so that clients do not all come back at once.
func backoff(failures int) time.Duration {
	d := maxBackoff
	if failures < soonTries {
		d = min(minBackoff<<failures, soonBackoff)
	}
	return d/2 + rand.N(d)
}

// connection makes a connection and serves it until it ends.
func (c *Client) connection(ctx context.Context, url, token string) (welcomed bool, err error) {
	ws, err := c.dial(ctx, url, token)
	if err != nil {
		return false, err
	}
	out := make(chan []byte, maxWaiting)
	c.handler.Connected()
	c.setOut(out)

	var others sync.WaitGroup
	others.Go(func() {
		defer ws.close()
		for frame := range out {
			if ws.write(frame) != nil {
				break
			}
		}
	})
	heard, ended := make(chan string, 1), make(chan struct{})
	others.Go(func() { c.watch(ws, heard, ended) })
	stop := context.AfterFunc(ctx, func() {
		c.setOut(nil)
		close(out)
	})
	defer func() {
		c.setOut(nil)
		if stop() {
			close(out)
		}
		close(ended)
		others.Wait()
	}()

	id := ""
	var refused error
	for {
		frame, err := ws.read()
		if err != nil {
			if refused != nil {
				return welcomed, refused
			}
			return welcomed, err
		}
		var e Envelope
		if err := e.UnmarshalJSON(frame); err != nil {
			continue // the relay passes on only JSON
		}
		if e.Error != nil && wire.CloseCode(e.Error.Code) > 0 {
			refused = e.Error
		}
		if e.Welcome != nil {
			if spoken := e.Welcome.Protocol; spoken < wire.MinProtocol {
				return welcomed, &wire.Error{Code: wire.CodeBadProtocol, Message: fmt.Sprintf(
					"it speaks protocol %d, and at least %d is needed here: update the relay", spoken, wire.MinProtocol)}
			}
			welcomed, id = true, e.Welcome.ID
			c.keep(e.Welcome.Ticket)
		}
		select {
		case heard <- id:
		default:
		}
		if e.From == "" || e.From != id { // else it is our probe
			c.handler.Received(e)
		}
	}
}

// keep keeps the ticket of a welcome, if there is one that can be shown.
func (c *Client) keep(ticket string) {
	if !wire.ValidToken(ticket) {
		return
	}
	c.ticket = ticket
	if c.onTicket != nil {
		c.onTicket(ticket)
	}
}

// dial gives up on Check: it may be waiting for an answer over a network that is
// gone.
func (c *Client) dial(ctx context.Context, url, token string) (conn, error) {
	protocols := c.protocols
	if token != "" {
		protocols = append(slices.Clip(protocols), wire.TokenPrefix+token)
	}
	if c.ticket != "" {
		protocols = append(slices.Clip(protocols), wire.TicketPrefix+c.ticket)
	}
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	ctx, giveUp := context.WithCancelCause(ctx)
	var doubts sync.WaitGroup
	doubts.Go(func() {
		select {
		case <-time.After(redialAfter):
		case <-ctx.Done():
			return
		}
		select {
		case <-c.check:
			giveUp(errDialAgain)
		case <-ctx.Done():
		}
	})
	ws, err := dial(ctx, url, protocols, c.ca)
	giveUp(nil)
	doubts.Wait()
	if err != nil && errors.Is(context.Cause(ctx), errDialAgain) {
		err = errDialAgain
	}
	return ws, err
}

// watch closes the connection if the relay gives no sign of life. Browsers cannot
// ping, so the client sends itself a message through the relay.
func (c *Client) watch(ws conn, heard <-chan string, ended <-chan struct{}) {
	timer := time.NewTimer(silentFor)
	defer timer.Stop()
	id := ""
	var until time.Time // deadline of the probe; zero: none is under way
	ask := func(within time.Duration) {
		if id != "" {
			_ = c.Send(Envelope{To: id}) // if this fails, no answer comes
		}
		if at := time.Now().Add(within); until.IsZero() || at.Before(until) {
			until = at
			timer.Reset(within)
		}
	}
	for {
		select {
		case id = <-heard:
			until = time.Time{}
			timer.Reset(silentFor)
		case <-c.check:
			ask(answerAtOnce)
		case <-timer.C:
			if !until.IsZero() {
				ws.close()
				return
			}
			ask(answerWithin)
		case <-ended:
			return
		}
	}
}

func (c *Client) setOut(out chan []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.out = out
}

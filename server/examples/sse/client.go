package sse

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"perfect-negotiation/negotiation/signaling"
	"perfect-negotiation/negotiation/signaling/wire"
)

const (
	maxUnsent  = 256 // envelopes
	silentFor  = 3 * aliveEvery
	postWithin = 10 * time.Second
	minRetry   = 250 * time.Millisecond
	maxRetry   = 5 * time.Second
)

// Dial implements [signaling.Dialer]: Server in the options is the URL of a [Server].
func Dial(ctx context.Context, o signaling.Options, handler signaling.Handler) (signaling.Transport, error) {
	if err := o.Validate(); err != nil {
		return nil, fmt.Errorf("sse: %w", err)
	}
	server, err := url.Parse(o.Server)
	if err != nil || server.Host == "" {
		return nil, errors.New("sse: the server must be a URL like http://localhost:8080")
	}
	if o.Key == "" {
		o.Key = signaling.NewKey()
	}
	c := &client{
		server: server,
		http:   &http.Client{Transport: http.DefaultTransport.(*http.Transport).Clone()},
		key:    o.Key,
		inbox:  signaling.NewInbox(handler),
		unsent: make(chan []byte, maxUnsent),
		check:  make(chan struct{}, 1),
		done:   make(chan struct{}),
	}
	c.query = url.Values{"room": {o.Room}, "role": {string(o.Role)}}
	if o.Rank != nil {
		c.query.Set("rank", strconv.Itoa(*o.Rank))
	}
	ctx, c.cancel = context.WithCancel(ctx)
	go c.run(ctx)
	return c, nil
}

// client is a [signaling.Transport]. One goroutine reads the events, and one posts.
type client struct {
	server *url.URL
	http   *http.Client // its own, whose connections end with it
	query  url.Values
	key    string
	inbox  *signaling.Inbox
	unsent chan []byte
	check  chan struct{} // capacity 1
	cancel context.CancelFunc
	done   chan struct{}
}

// Send implements [signaling.Transport].
func (c *client) Send(e signaling.Envelope) error {
	frame, err := e.MarshalJSON()
	switch {
	case err != nil:
		return fmt.Errorf("sse: %w", err)
	case len(frame) > wire.MaxFrame:
		return signaling.ErrTooLarge
	}
	select {
	case <-c.done:
		return signaling.ErrNotConnected
	default:
	}
	select {
	case c.unsent <- frame:
		return nil
	default:
		return signaling.ErrSlow
	}
}

// Check implements [signaling.Transport]: it tries again now.
func (c *client) Check() {
	select {
	case c.check <- struct{}{}:
	default:
	}
}

// Close implements [signaling.Transport].
func (c *client) Close() { c.cancel() }

// Done implements [signaling.Transport].
func (c *client) Done() <-chan struct{} { return c.done }

func (c *client) run(ctx context.Context) {
	defer close(c.done)
	posted := make(chan struct{})
	go func() {
		defer close(posted)
		c.post(ctx)
	}()
	for failures := 0; ; failures++ {
		began, err := c.events(ctx)
		if began {
			failures = 0
		}
		var refused *wire.Error
		if ctx.Err() != nil || errors.As(err, &refused) {
			if refused != nil {
				c.inbox.Disconnected(err, 0, true)
				<-c.inbox.Done()
			}
			break
		}
		retry := min(minRetry<<min(failures, 10), maxRetry)
		retry = retry/2 + rand.N(retry)
		c.inbox.Disconnected(err, retry, false)
		select {
		case <-time.After(retry):
		case <-c.check:
		case <-ctx.Done():
		}
	}
	c.cancel()
	<-posted
	c.http.CloseIdleConnections()
	c.inbox.Close()
	<-c.inbox.Done()
}

func (c *client) request(ctx context.Context, method, path string, body io.Reader) (*http.Response, error) {
	at := c.server.JoinPath(path)
	at.RawQuery = c.query.Encode()
	r, err := http.NewRequestWithContext(ctx, method, at.String(), body)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", "Bearer "+c.key)
	return c.http.Do(r)
}

// events hands on events until there are no more. began reports whether there were any.
func (c *client) events(ctx context.Context) (began bool, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	silence := time.AfterFunc(silentFor, cancel)
	defer silence.Stop()
	response, err := c.request(ctx, http.MethodGet, "events", nil)
	if err != nil {
		return false, err
	}
	defer response.Body.Close()
	defer context.AfterFunc(ctx, func() { _ = response.Body.Close() })() // in a browser ctx does not end a read
	if response.StatusCode != http.StatusOK {
		why, _ := io.ReadAll(io.LimitReader(response.Body, 200))
		return false, fmt.Errorf("sse: %s: %s", response.Status, why)
	}
	lines := bufio.NewScanner(response.Body)
	lines.Buffer(nil, 2*wire.MaxFrame)
	for lines.Scan() {
		silence.Reset(silentFor)
		data, ok := strings.CutPrefix(lines.Text(), "data: ")
		if !ok {
			continue // a comment, or the end of an event
		}
		var e signaling.Envelope
		if err := e.UnmarshalJSON([]byte(data)); err != nil {
			return began, fmt.Errorf("sse: %w", err)
		}
		if !began {
			began = true
			c.inbox.Connected()
		}
		c.inbox.Received(e) // what is too much is lost
		if e.Error != nil && wire.CloseCode(e.Error.Code) > 0 {
			return began, e.Error
		}
	}
	if err := lines.Err(); err != nil {
		return began, err
	}
	return began, errors.New("sse: the server ends the events")
}

// post posts what is to be sent, in order.
func (c *client) post(ctx context.Context) {
	for {
		select {
		case frame := <-c.unsent:
			posting, cancel := context.WithTimeout(ctx, postWithin)
			response, err := c.request(posting, http.MethodPost, "send", bytes.NewReader(frame))
			if err == nil { // else it is lost
				_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, 1000)) // so that the connection is used again
				_ = response.Body.Close()
			}
			cancel()
		case <-ctx.Done():
			return
		}
	}
}

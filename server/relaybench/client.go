package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
)

// client is one of a pair that send to each other.
type client struct {
	crowd *crowd
	ws    *websocket.Conn
	id    string
	other *client // set before anything is sent

	mu      sync.Mutex // of what is written
	message []byte     // to the other one
	stamp   int        // where its time begins

	heard   atomic.Int64 // messages
	latency []time.Duration
}

// perAddress is how many clients come from one address: few enough for any limit of one.
const perAddress = 8

// source returns the address of the client with this number: 127.1.0.1 and up.
func source(number int) net.Addr {
	n := number / perAddress
	return &net.TCPAddr{IP: net.IPv4(127, byte(1+n/(250*250)), byte(n/250%250), byte(1+n%250))}
}

var writeBuffers sync.Pool

// dialFrom opens a WebSocket from an address.
func dialFrom(ctx context.Context, from net.Addr, addr, path string) (*websocket.Conn, error) {
	dialer := websocket.Dialer{
		HandshakeTimeout: 30 * time.Second,
		NetDialContext:   (&net.Dialer{LocalAddr: from}).DialContext,
		ReadBufferSize:   4096,
		WriteBufferPool:  &writeBuffers,
	}
	ws, response, err := dialer.DialContext(ctx, "ws://"+addr+path, nil)
	if response != nil && err != nil {
		err = fmt.Errorf("%w: %s", err, response.Status)
	}
	return ws, err
}

// join opens the WebSocket of the client with this number of a crowd, and waits for its
// first frame.
func (c *crowd) join(ctx context.Context, number int) (*client, error) {
	d := c.server.dialect
	ws, err := dialFrom(ctx, source(number), c.server.addr, d.path(fmt.Sprint("room", number/2), number))
	if err != nil {
		return nil, err
	}
	_, first, err := ws.ReadMessage()
	if err != nil {
		ws.Close()
		return nil, err
	}
	id, err := d.id(first, number)
	if err != nil {
		ws.Close()
		return nil, err
	}
	return &client{crowd: c, ws: ws, id: id}, nil
}

// read hears what comes until the connection ends.
func (c *client) read() {
	defer c.crowd.reading.Done()
	var text bytes.Buffer
	for {
		_, r, err := c.ws.NextReader()
		if err == nil {
			text.Reset()
			_, err = text.ReadFrom(r)
		}
		if err != nil {
			c.crowd.lose(err)
			return
		}
		if at := bytes.LastIndex(text.Bytes(), []byte(stampKey)); at >= 0 {
			c.hear(text.Bytes()[at+len(stampKey):])
		}
	}
}

// hear takes a message of the other one, from its time on.
func (c *client) hear(stamp []byte) {
	if c.crowd.bouncing.Load() {
		c.heard.Add(1)
		c.send(time.Time{})
		return
	}
	if c.crowd.timing.Load() && len(stamp) >= stampSize {
		sent, err := strconv.ParseInt(string(stamp[:stampSize]), 16, 64)
		if err == nil && sent > 0 {
			c.latency = append(c.latency, time.Since(c.crowd.began)-time.Duration(sent))
		}
	}
	c.crowd.flying.Done()
}

// send sends the message to the other one, with the time at which it was to be sent.
func (c *client) send(due time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !due.IsZero() {
		copy(c.message[c.stamp:], fmt.Sprintf("%0*x", stampSize, int64(due.Sub(c.crowd.began))))
	}
	if err := c.ws.WriteMessage(websocket.TextMessage, c.message); err != nil {
		c.crowd.lose(err)
	}
}

package relay_test

import (
	"net"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"perfect-negotiation/negotiation/signaling/wire"
	"perfect-negotiation/server/relay"
)

// joinNarrow is join over a connection in which the network holds little.
func (s *server) joinNarrow(room string) *client {
	s.t.Helper()
	dialer := websocket.Dialer{
		ReadBufferSize: 512,
		NetDial: func(network, address string) (net.Conn, error) {
			c, err := net.Dial(network, address)
			if err == nil {
				err = c.(*net.TCPConn).SetReadBuffer(32 << 10)
			}
			return c, err
		},
	}
	ws, response, err := s.connect(&dialer, nil, "room", room)
	if err != nil {
		s.t.Fatalf("dial: %v, %+v", err, response)
	}
	c := &client{t: s.t, ws: ws}
	c.id = c.read().Welcome.ID
	return c
}

// A member of a full room stops reading for 5 s while all others send as fast as they
// may, and is still there.
func TestFullRoomSurvivesAPause(t *testing.T) {
	t.Parallel() // it waits
	s := serve(t, relay.Config{MessagesPerAddress: 1 << 30, BytesPerAddress: 1 << 40})
	pauses := s.joinNarrow("r")
	_ = pauses.ws.SetReadDeadline(time.Now().Add(3 * patience))
	text := []byte(`{"s":"flood","pad":"` + strings.Repeat("x", 4000) + `"}`)
	others := make([]*client, 7)
	for i := range others {
		others[i], _ = s.join("", "room", "r")
		pauses.expectJoined(others[i].id)
	}
	for _, c := range others {
		go func() {
			for { // all of what the others send
				if _, _, err := c.ws.ReadMessage(); err != nil {
					return
				}
			}
		}()
		go func() {
			for c.ws.WriteMessage(websocket.TextMessage, text) == nil {
				continue
			}
		}()
	}
	time.Sleep(5 * time.Second) // the pause
	for range 64 {              // with those that had still waited, and some after them
		if e := pauses.read(); e.Session != "flood" {
			t.Fatalf("got %+v (error %+v), want a message", e, e.Error)
		}
	}
}

// What waits for a client that does not read is bounded, the kernel's part as well.
func TestWhatWaitsIsBounded(t *testing.T) {
	s := serve(t, relay.Config{BytesPerSecond: 1 << 40, BytesPerAddress: 1 << 40})
	slow := s.joinNarrow("r")
	a, _ := s.join("", "room", "r")
	b, _ := s.join("", "room", "r")
	a.expectJoined(b.id)
	text := `{"pad":"` + strings.Repeat("x", 8<<10) + `"}`
	relayed := 0
	for { // one at a time, so that b is not slow
		a.write(text)
		if b.read().Left != nil {
			break
		}
		relayed += len(text)
	}
	if relayed > 1<<20 {
		t.Errorf("%d bytes were taken for %s", relayed, slow.id)
	}
}

// A client that sends, but does not read what it is sent, goes, though the others send
// too little to fill its queue.
func TestWhoDoesNotReadGoes(t *testing.T) {
	t.Parallel() // it waits
	s := serve(t, relay.Config{PingInterval: 100 * time.Millisecond, PongTimeout: time.Second, WriteTimeout: time.Hour})
	a, _ := s.join("", "room", "r")
	slow := s.joinNarrow("r")
	a.expectJoined(slow.id)
	filled := make(chan struct{})
	go func() {
		defer close(filled)
		text := `{"to":"` + slow.id + `","pad":"` + strings.Repeat("x", 4<<10) + `"}`
		for range 60 { // less than its queue and what the network holds
			if a.ws.WriteMessage(websocket.TextMessage, []byte(text)) != nil {
				return
			}
		}
	}()
	go func() { // signs of life
		for slow.ws.WriteMessage(websocket.TextMessage, []byte(`{"s":"life"}`)) == nil {
			time.Sleep(100 * time.Millisecond)
		}
	}()
	for {
		e := a.read()
		if e.Left != nil {
			break
		}
		if e.Session != "life" {
			t.Fatalf("got %+v (error %+v), want a message", e, e.Error)
		}
	}
	<-filled
}

// A relay that stood still puts nobody out for having been silent meanwhile.
func TestALateSweepForgives(t *testing.T) {
	t.Parallel() // it waits
	s := serve(t, relay.Config{PingInterval: 200 * time.Millisecond, PongTimeout: 2 * time.Second})
	a, b := s.pair("r")
	heard := make(chan envelope, 100)
	go func() { // answers the pings
		for {
			var e envelope
			if b.ws.ReadJSON(&e) != nil {
				close(heard)
				return
			}
			heard <- e
		}
	}()
	thaw := s.relay.Freeze()
	time.Sleep(4 * time.Second) // of silence: it is the relay that pings
	thaw()
	pinged := make(chan struct{}, 100)
	answer := a.ws.PingHandler()
	a.ws.SetPingHandler(func(data string) error {
		pinged <- struct{}{}
		return answer(data)
	})
	go func() {
		for range 10 { // a has answered so many
			<-pinged
		}
		a.write(`{"s":"there"}`)
		b.write(`{"s":"there"}`)
	}()
	if e := a.read(); e.Session != "there" {
		t.Errorf("got %+v (error %+v)", e, e.Error)
	}
	if e := <-heard; e.Session != "there" {
		t.Errorf("got %+v (error %+v)", e, e.Error)
	}
}

// All queues together hold no more than they may: then who has much in his is evicted.
func TestQueuedBytesInAll(t *testing.T) {
	const all = 1 << 20
	s := serve(t, relay.Config{
		QueueBytes: 1 << 20, QueuedBytes: all, Connections: 16,
		BytesPerSecond: 1 << 40, BytesPerAddress: 1 << 40, NewcomersPerRoom: 100,
	})
	sender, _ := s.join("", "room", "r")
	left := 0
	for range 3 {
		slow := s.joinNarrow("r")
		for e := sender.read(); e.Joined == nil || e.Joined.ID != slow.id; e = sender.read() {
			continue
		}
	}
	text := `{"pad":"` + strings.Repeat("x", 8<<10) + `"}`
	gone := make(chan struct{})
	go func() {
		for left < 3 {
			if sender.read().Left != nil {
				left++
			}
		}
		close(gone)
	}()
	for {
		if n := s.relay.QueuedBytes(); n > all+3*(8<<10+100) {
			t.Fatalf("%d bytes wait", n)
		}
		sender.write(text)
		select {
		case <-gone:
			return
		default:
		}
	}
}

func TestNothingWaitsInTheEnd(t *testing.T) {
	s := serve(t, relay.Config{})
	a, b := s.pair("r")
	undisturbed(a, b)
	a.write(strings.Repeat("x", wire.MaxFrame+1))
	a.expectError(wire.CodeTooLarge)
	b.expectLeft(a.id)
	a.quit()
	b.quit()
	if n := s.relay.QueuedBytes(); n != 0 {
		t.Errorf("%d bytes wait for nobody", n)
	}
}

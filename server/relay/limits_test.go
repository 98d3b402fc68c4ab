package relay_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"golang.org/x/time/rate"

	"perfect-negotiation/negotiation/signaling/wire"
	"perfect-negotiation/server/relay"
)

func TestTooLarge(t *testing.T) {
	s := serve(t, relay.Config{})
	a, b := s.pair("r")
	c, _ := s.join("", "room", "r")
	a.expectJoined(c.id)
	b.expectJoined(c.id)

	pad := func(n int) string { return `{"n":"` + strings.Repeat("x", n-8) + `"}` }
	c.write(pad(wire.MaxFrame))
	want := `{"from":"` + c.id + `",` + pad(wire.MaxFrame)[1:]
	a.expectText(want)
	b.expectText(want)

	c.write(pad(wire.MaxFrame + 1))
	c.expectError(wire.CodeTooLarge)
	c.expectClose(websocket.CloseMessageTooBig, wire.CodeTooLarge)
	a.expectLeft(c.id)
	b.expectLeft(c.id)
	undisturbed(a, b)
}

func TestSlowReaderIsEvictedAndNobodyWaits(t *testing.T) {
	s := serve(t, relay.Config{BytesPerSecond: 1 << 40})
	a, b := s.pair("r")
	slow, _ := s.join("", "room", "r")
	a.expectJoined(slow.id)
	b.expectJoined(slow.id)

	// slow reads nothing. a and b hear each other all the while.
	text := `{"pad":"` + strings.Repeat("x", 60<<10) + `"}`
	for {
		a.write(text)
		e := b.read()
		if e.Left != nil {
			if e.Left.ID != slow.id {
				t.Fatalf("%s left, want %s", e.Left.ID, slow.id)
			}
			break
		}
		if e.From != a.id {
			t.Fatalf("got %+v, want a message of a", e)
		}
	}
	a.expectLeft(slow.id)
	if e := b.read(); e.From != a.id {
		t.Fatalf("got %+v, want the last message of a", e)
	}
	undisturbed(a, b)

	// When it reads again it learns why it was evicted.
	for {
		e := slow.read()
		if e.Error != nil {
			if e.Error.Code != wire.CodeSlow {
				t.Fatalf("got %+v, want %s", e.Error, wire.CodeSlow)
			}
			break
		}
	}
	slow.expectClose(4408, wire.CodeSlow)
}

func TestFullRoomsBurstEvictsNobody(t *testing.T) {
	const peers, candidates = 8, 40
	s := serve(t, relay.Config{})
	clients := make([]*client, peers)
	for i := range clients {
		clients[i], _ = s.join("", "room", "r")
		for _, c := range clients[:i] {
			c.expectJoined(clients[i].id)
		}
	}
	newcomer := clients[0]
	for _, c := range clients[1:] {
		c.write(`{"description":{"type":"offer","sdp":"` + strings.Repeat("x", 10<<10) + `"},"to":"` + newcomer.id + `"}`)
		for range candidates {
			c.write(`{"candidate":{"candidate":"` + strings.Repeat("x", 270) + `"},"to":"` + newcomer.id + `"}`)
		}
	}
	for range (peers - 1) * (1 + candidates) {
		if e := newcomer.read(); e.From == "" {
			t.Fatalf("got %+v, want a message of a peer", e)
		}
	}
}

// A reader that is twice as fast as a sender may be is not evicted, however fast
// the sender would like to be, and misses nothing.
func TestFloodEvictsNobody(t *testing.T) {
	t.Parallel() // it waits
	const perSecond, frames, size = 2 << 20, 512, 32 << 10
	s := serve(t, relay.Config{BytesPerSecond: perSecond})
	flooder, reader := s.pair("r")
	_ = reader.ws.SetReadDeadline(time.Now().Add(3 * patience)) // it pays for each time that reader lags
	go func() {
		pad := strings.Repeat("x", size)
		for i := range frames {
			if flooder.ws.WriteMessage(websocket.TextMessage, fmt.Appendf(nil, `{"s":"%d","pad":"%s"}`, i, pad)) != nil {
				return
			}
		}
	}()
	pace := rate.NewLimiter(2*perSecond, size)
	for i := range frames {
		if err := pace.WaitN(t.Context(), size); err != nil {
			t.Fatal(err)
		}
		if e := reader.read(); e.Session != strconv.Itoa(i) {
			t.Fatalf("got %+v (error %+v), want message %d", e, e.Error, i)
		}
	}
}

// A client that reconnects with its key still owes for what it sent before.
func TestFloodOverManyConnections(t *testing.T) {
	s := serve(t, relay.Config{BytesPerSecond: 1})
	reader, _ := s.join("", "room", "r")
	key := rand.Text()
	text := `{"s":"flood","pad":"` + strings.Repeat("x", 60<<10) + `"}`
	for range 10 {
		flooder, _ := s.join(key, "room", "r")
		for range 3 {
			flooder.write(text)
		}
	}
	last, _ := s.join("", "room", "r")
	n := 0
	for e := reader.read(); e.Joined == nil || e.Joined.ID != last.id; e = reader.read() {
		if e.Session == "flood" {
			n++
		}
	}
	if n > 3 { // what it may send at once, and the one that exceeds it
		t.Errorf("%d messages came through", n)
	}
}

// Bytes that are not relayed are read no faster than the rest.
func TestFloodOfNothing(t *testing.T) {
	for name, flood := range map[string]struct{ first, frame string }{
		"pings":           {"", "\x89\x80mask"},
		"pongs":           {"", "\x8a\x80mask"},
		"empty fragments": {"\x01\x80mask", "\x00\x80mask"},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, relay.Config{BytesPerSecond: 1})
			flooder, reader := s.pair("r")
			conn := flooder.ws.UnderlyingConn()
			go func() { _, _ = io.Copy(io.Discard, conn) }()
			_, err := io.WriteString(conn, flood.first)
			block := []byte(strings.Repeat(flood.frame, 10_000))
			const enough = 16 << 20 // more than the network holds
			sent := 0
			for n := 0; err == nil && sent < enough; sent += n {
				_ = conn.SetWriteDeadline(time.Now().Add(time.Second)) // the network is full when nothing is taken for so long
				n, err = conn.Write(block)
			}
			if err == nil {
				t.Errorf("%d bytes were taken", sent)
			}
			reader.write(`{"to":"` + reader.id + `"}`)
			for e := reader.read(); e.From != reader.id; e = reader.read() {
				continue
			}
		})
	}
}

func TestFloodIsNoSilence(t *testing.T) {
	t.Parallel() // it waits
	s := serve(t, relay.Config{BytesPerSecond: 64 << 10, PingInterval: 100 * time.Millisecond, PongTimeout: 2 * time.Second})
	a, b := s.pair("r")
	flood(a)
	for range 8 { // 5 s: all the while the pongs of a wait behind its messages
		if e := b.read(); e.Session != "flood" {
			t.Fatalf("got %+v (error %+v), want a message", e, e.Error)
		}
	}
}

func TestShutdownDuringFlood(t *testing.T) {
	s := serve(t, relay.Config{BytesPerSecond: 1})
	a, b := s.pair("r")
	flood(a)
	for range 2 { // a is not read again today
		if e := b.read(); e.Session != "flood" {
			t.Fatalf("got %+v (error %+v), want a message", e, e.Error)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	b.quit()
	if err := s.relay.Shutdown(ctx); err != nil {
		t.Fatal(err)
	}
}

// flood has c send as fast as it can, until its connection ends.
func flood(c *client) {
	text := []byte(`{"s":"flood","pad":"` + strings.Repeat("x", 60<<10) + `"}`)
	go func() {
		for c.ws.WriteMessage(websocket.TextMessage, text) == nil {
			continue
		}
	}()
}

func TestSilentClientIsDropped(t *testing.T) {
	t.Parallel() // it waits
	s := serve(t, relay.Config{PingInterval: 50 * time.Millisecond, PongTimeout: 2 * time.Second})
	a, _ := s.join("", "room", "r")
	silent, _ := s.join("", "room", "r") // answers pings only while it reads
	a.expectJoined(silent.id)
	a.expectLeft(silent.id)
}

func TestClientsArePinged(t *testing.T) {
	s := serve(t, relay.Config{PingInterval: 10 * time.Millisecond})
	a, b := s.pair("r")
	enough := 3
	answer := a.ws.PingHandler()
	a.ws.SetPingHandler(func(data string) error {
		if enough--; enough == 0 {
			b.write(`{"enough":true}`)
		}
		return answer(data)
	})
	a.expectText(`{"from":"` + b.id + `","enough":true}`)
}

func TestPingIsAnswered(t *testing.T) {
	s := serve(t, relay.Config{})
	a, b := s.pair("r")
	pongs := make(chan string, 1)
	a.ws.SetPongHandler(func(data string) error {
		pongs <- data
		return nil
	})
	if err := a.ws.WriteControl(websocket.PingMessage, []byte("hi"), time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	a.write(`{}`)
	b.expectText(`{"from":"` + a.id + `"}`)
	undisturbed(b, a) // reads, and handles the pong on its way
	if got := <-pongs; got != "hi" {
		t.Fatalf("pong %q, want hi", got)
	}
}

// A message that is announced but never completed does not keep a connection
// alive, whatever control frames come in between.
func TestUnfinishedMessageIsNoSignOfLife(t *testing.T) {
	t.Parallel() // it waits
	s := serve(t, relay.Config{PingInterval: 50 * time.Millisecond, PongTimeout: 2 * time.Second})
	a, _ := s.join("", "room", "r")
	stuck, _ := s.join("", "room", "r")
	a.expectJoined(stuck.id)

	w, err := stuck.ws.NextWriter(websocket.TextMessage)
	if err != nil {
		t.Fatal(err)
	}
	// More than the client's buffer, so that a first fragment goes out.
	if _, err := io.WriteString(w, `{"n":"`+strings.Repeat("x", 8<<10)); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { // answers the pings
		defer close(ended)
		_, _, _ = stuck.ws.ReadMessage()
	}()
	a.expectLeft(stuck.id)
	<-ended
}

// rawFrame writes the header of a text frame of n bytes, and no payload.
func rawFrame(t *testing.T, conn net.Conn, n uint64) {
	t.Helper()
	header := []byte{0x81, 0xff}
	for shift := 56; shift >= 0; shift -= 8 {
		header = append(header, byte(n>>shift))
	}
	header = append(header, 0, 0, 0, 0) // mask
	if _, err := conn.Write(header); err != nil {
		t.Fatal(err)
	}
}

func TestHugeHeader(t *testing.T) {
	s := serve(t, relay.Config{})
	a, b := s.pair("r")
	c, _ := s.join("", "room", "r")
	a.expectJoined(c.id)
	b.expectJoined(c.id)
	rawFrame(t, c.ws.UnderlyingConn(), 1<<62)
	if _, err := c.ws.UnderlyingConn().Write(make([]byte, wire.MaxFrame+1)); err != nil {
		t.Fatal(err)
	}
	c.expectError(wire.CodeTooLarge)
	c.expectClose(websocket.CloseMessageTooBig, wire.CodeTooLarge)
	a.expectLeft(c.id)
	b.expectLeft(c.id)
	undisturbed(a, b)
}

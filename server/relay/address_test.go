package relay_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"testing"

	"github.com/gorilla/websocket"

	"perfect-negotiation/server/address"
	"perfect-negotiation/server/relay"
)

// addresses believes what the tests say of the address of a client.
var addresses = (&address.Resolver{Trusted: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}).Of

// from is the header of a client at an address.
func from(a string) http.Header { return http.Header{"X-Forwarded-For": {a}} }

// joinFrom is join for a client at an address.
func (s *server) joinFrom(a, room string) *client {
	s.t.Helper()
	ws, response, err := s.connect(websocket.DefaultDialer, from(a), "room", room)
	if err != nil {
		s.t.Fatalf("dial from %s: %v, %+v", a, err, response)
	}
	c := &client{t: s.t, ws: ws}
	e := c.read()
	if e.Welcome == nil {
		s.t.Fatalf("the first frame is %+v (error %+v), not a welcome", e, e.Error)
	}
	c.id = e.Welcome.ID
	return c
}

// refuse checks that a client at an address is refused before it has a WebSocket, and
// told to come back after at least one second, and at most so many.
func (s *server) refuse(a, room string, status, most int, words string) {
	s.t.Helper()
	_, response, err := s.connect(websocket.DefaultDialer, from(a), "room", room)
	if err == nil || response == nil {
		s.t.Fatalf("%s is let in, or %v", a, err)
	}
	body, _ := io.ReadAll(response.Body)
	if response.StatusCode != status || !strings.Contains(string(body), words) {
		s.t.Errorf("%s is told %s %q, want %d and %q", a, response.Status, body, status, words)
	}
	if seconds, err := strconv.Atoi(response.Header.Get("Retry-After")); err != nil || seconds < 1 || seconds > most {
		s.t.Errorf("%s is told to come back after %q", a, response.Header.Get("Retry-After"))
	}
}

func TestConnectionsPerAddress(t *testing.T) {
	s := serve(t, relay.Config{Address: addresses, ConnectionsPerAddress: 2})
	for _, tt := range []struct{ first, second, other string }{
		{"192.0.2.1", "192.0.2.1", "192.0.2.2"},
		{"2001:db8::1", "2001:db8::ffff:2", "2001:db8:0:1::1"},
	} {
		a, b := s.joinFrom(tt.first, tt.first), s.joinFrom(tt.second, tt.second)
		s.refuse(tt.first, "r", http.StatusTooManyRequests, 10, "has 2 connections")
		s.refuse(tt.second, "r", http.StatusTooManyRequests, 10, "has 2 connections")
		s.joinFrom(tt.other, tt.other)
		a.quit()
		s.joinFrom(tt.second, tt.first)
		s.refuse(tt.first, "r", http.StatusTooManyRequests, 10, "has 2 connections")
		b.quit()
	}
}

// A request that does not become a WebSocket does not count.
func TestFailedUpgradesAreNotCounted(t *testing.T) {
	s := serve(t, relay.Config{Address: addresses, ConnectionsPerAddress: 1, Connections: 1})
	for range 3 {
		request, _ := http.NewRequest(http.MethodGet, s.http.URL+"/ws?room=r", nil)
		request.Header = from("192.0.2.1")
		request.Header.Set("Connection", "Upgrade")
		request.Header.Set("Upgrade", "websocket") // without a key
		response, err := s.http.Client().Do(request)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != http.StatusBadRequest {
			t.Fatalf("got %s", response.Status)
		}
	}
	s.joinFrom("192.0.2.1", "r")
}

func TestNewConnectionsPerAddress(t *testing.T) {
	s := serve(t, relay.Config{Address: addresses, ConnectsPerAddress: 0.01})
	s.joinFrom("192.0.2.1", "r")
	s.refuse("192.0.2.1", "r", http.StatusTooManyRequests, 100, "too often")
	s.joinFrom("192.0.2.2", "r")
}

// Who stands behind a proxy that nobody has told the relay of is not counted.
func TestUnknownProxyIsNotCounted(t *testing.T) {
	s := serve(t, relay.Config{ConnectionsPerAddress: 1})
	s.joinFrom("192.0.2.1", "r")
	s.joinFrom("192.0.2.1", "r")
	s.join("", "room", "r")
	_, response, err := s.connect(websocket.DefaultDialer, nil, "room", "r")
	if err == nil || response.StatusCode != http.StatusTooManyRequests {
		t.Fatalf("a second connection without a proxy: %v, %+v", err, response)
	}
}

func TestConnectionsInAll(t *testing.T) {
	s := serve(t, relay.Config{Address: addresses, Connections: 2})
	a := s.joinFrom("192.0.2.1", "r")
	s.joinFrom("192.0.2.2", "r")
	s.refuse("192.0.2.3", "r", http.StatusServiceUnavailable, 10, "is full")
	if s.relay.Ready() {
		t.Error("it is ready")
	}
	a.quit()
	s.joinFrom("192.0.2.3", "r")
}

func TestRoomsInAll(t *testing.T) {
	s := serve(t, relay.Config{Address: addresses, Rooms: 1})
	a := s.joinFrom("192.0.2.1", "r")
	s.refuse("192.0.2.1", "other", http.StatusServiceUnavailable, 10, "opens no other")
	b := s.joinFrom("192.0.2.1", "r")
	a.quit()
	b.quit()
	s.joinFrom("192.0.2.1", "other")
}

// An address pays for every delivery: with three addressees it sends a third.
func TestDeliveriesAreCounted(t *testing.T) {
	t.Parallel() // it waits
	s := serve(t, relay.Config{Address: addresses, MessagesPerAddress: 100, BytesPerSecond: 1 << 40})
	relayed := func(a, room string, readers int) chan int {
		sender := s.joinFrom(a, room)
		counted := make(chan int, 10_000)
		for i := range readers {
			reader := s.joinFrom("198.51.100."+strconv.Itoa(i+1), room)
			go func() {
				for n := 0; ; {
					_, text, err := reader.ws.ReadMessage()
					if err != nil {
						return
					}
					var e envelope
					if json.Unmarshal(text, &e) == nil && e.Session == "flood" && i == 0 {
						n++
						counted <- n
					}
				}
			}()
		}
		go func() {
			for sender.ws.WriteMessage(websocket.TextMessage, []byte(`{"s":"flood"}`)) == nil {
				continue
			}
		}()
		return counted
	}
	toThree, toOne := relayed("192.0.2.1", "three", 3), relayed("192.0.2.2", "one", 1)
	three := 0
	for one := 0; one < 300; {
		select {
		case three = <-toThree:
		case one = <-toOne:
		}
	}
	if three < 50 || three > 150 {
		t.Errorf("%d messages to three for 300 to one", three)
	}
}

// A neighbour that seldom sends does not wait for those at its address that always do.
func TestNeighboursShareFairly(t *testing.T) {
	t.Parallel() // it waits
	const flooders, size, trips = 16, 32 << 10, 12
	s := serve(t, relay.Config{Address: addresses, BytesPerAddress: 256 << 10, BytesPerSecond: 1 << 40})
	light := s.joinFrom("192.0.2.1", "light")
	flooded := make(chan struct{}, 10_000)
	text := []byte(`{"s":"flood","pad":"` + strings.Repeat("x", size) + `"}`)
	for i := range flooders {
		room := strconv.Itoa(i)
		sender, reader := s.joinFrom("192.0.2.1", room), s.joinFrom("198.51.100."+room, room)
		go func() {
			for {
				if _, _, err := reader.ws.ReadMessage(); err != nil {
					return
				}
				flooded <- struct{}{}
			}
		}()
		go func() {
			for sender.ws.WriteMessage(websocket.TextMessage, text) == nil {
				continue
			}
		}()
	}
	for range 2 * flooders { // by now all of them wait for each other
		<-flooded
	}
	for range trips {
		light.write(`{"to":"` + light.id + `"}`)
		light.read()
	}
	// One at a time it would see 16 of them for each of its own.
	if n := len(flooded); n > 4*trips {
		t.Errorf("%d messages of others for %d of its own", n, trips)
	}
}

package relay_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/gorilla/websocket"
	"go.uber.org/goleak"

	"perfect-negotiation/negotiation/signaling/wire"
	"perfect-negotiation/server/relay"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for frames that must come.
const patience = 20 * time.Second

// server is a relay on a real socket.
type server struct {
	t     testing.TB
	relay *relay.Relay
	http  *httptest.Server
}

func serve(t testing.TB, config relay.Config) *server {
	t.Helper()
	s := &server{t: t, relay: relay.New(config)}
	s.http = httptest.NewServer(s.relay)
	t.Cleanup(func() {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		_ = s.relay.Shutdown(ctx)
		s.http.Close()
	})
	return s
}

// envelope is what the tests read of a frame.
type envelope struct {
	Welcome *wire.Welcome
	Joined  *wire.Member
	Left    *wire.Left
	Error   *wire.Error

	ICEServers []wire.ICEServer

	From    string
	Session string `json:"s"`
}

// client is one connection to the relay.
type client struct {
	t  testing.TB
	ws *websocket.Conn
	id string
}

// dial connects with the parameters of a query, as name and value in turn, and
// offers pn and the key, if there is one.
func (s *server) dial(key string, query ...string) *client {
	s.t.Helper()
	protocols := []string{wire.Subprotocol}
	if key != "" {
		protocols = append(protocols, wire.KeyPrefix+key)
	}
	ws, response, err := s.connect(&websocket.Dialer{Subprotocols: protocols}, nil, query...)
	if err != nil {
		s.t.Fatalf("dial: %v, %+v", err, response)
	}
	return &client{t: s.t, ws: ws}
}

func (s *server) connect(d *websocket.Dialer, header http.Header, query ...string) (*websocket.Conn, *http.Response, error) {
	values := url.Values{}
	for i := 0; i < len(query); i += 2 {
		values.Add(query[i], query[i+1])
	}
	ws, response, err := d.Dial("ws"+strings.TrimPrefix(s.http.URL, "http")+"/ws?"+values.Encode(), header)
	if err == nil {
		_ = ws.SetReadDeadline(time.Now().Add(patience))
		s.t.Cleanup(func() { ws.Close() })
	}
	return ws, response, err
}

// join connects and reads the welcome.
func (s *server) join(key string, query ...string) (*client, *wire.Welcome) {
	s.t.Helper()
	c := s.dial(key, query...)
	e := c.read()
	if e.Welcome == nil {
		s.t.Fatalf("the first frame is %+v (error %+v), not a welcome", e, e.Error)
	}
	c.id = e.Welcome.ID
	return c, e.Welcome
}

// pair is two peers in the room that have seen each other join.
func (s *server) pair(room string) (a, b *client) {
	s.t.Helper()
	a, _ = s.join("", "room", room)
	b, _ = s.join("", "room", room)
	a.expectJoined(b.id)
	return a, b
}

func (c *client) write(text string) {
	c.t.Helper()
	if err := c.ws.WriteMessage(websocket.TextMessage, []byte(text)); err != nil {
		c.t.Fatalf("write: %v", err)
	}
}

func (c *client) readText() string {
	c.t.Helper()
	_, data, err := c.ws.ReadMessage()
	if err != nil {
		c.t.Fatalf("read: %v", err)
	}
	return string(data)
}

func (c *client) read() envelope {
	c.t.Helper()
	text := c.readText()
	var e envelope
	if err := json.Unmarshal([]byte(text), &e); err != nil {
		c.t.Fatalf("the relay sent %q: %v", text, err)
	}
	return e
}

func (c *client) expectText(want string) {
	c.t.Helper()
	if diff := cmp.Diff(want, c.readText()); diff != "" {
		c.t.Fatalf("frame (-want +got):\n%s", diff)
	}
}

func (c *client) expectJoined(id string) {
	c.t.Helper()
	if e := c.read(); e.Joined == nil || e.Joined.ID != id {
		c.t.Fatalf("got %+v, want that %s joined", e, id)
	}
}

func (c *client) expectLeft(id string) {
	c.t.Helper()
	if e := c.read(); e.Left == nil || e.Left.ID != id {
		c.t.Fatalf("got %+v, want that %s left", e, id)
	}
}

func (c *client) expectError(code string) {
	c.t.Helper()
	e := c.read()
	if e.Error == nil || e.Error.Code != code {
		c.t.Fatalf("got %+v (error %+v), want error %s", e, e.Error, code)
	}
	if e.Error.Message == "" {
		c.t.Errorf("the error %s has no words", code)
	}
}

func (c *client) expectClose(code int, reason string) {
	c.t.Helper()
	_, data, err := c.ws.ReadMessage()
	var closed *websocket.CloseError
	if !errors.As(err, &closed) {
		c.t.Fatalf("got %q, %v, want a close", data, err)
	}
	if closed.Code != code || reason != "" && closed.Text != reason {
		c.t.Fatalf("closed with %d %q, want %d %q", closed.Code, closed.Text, code, reason)
	}
}

// quit closes the connection and waits until the relay has done so too, which
// it does last.
func (c *client) quit() {
	c.t.Helper()
	_ = c.ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseNormalClosure, ""), time.Now().Add(patience))
	for {
		if _, _, err := c.ws.ReadMessage(); err != nil {
			break
		}
	}
	_, _ = io.Copy(io.Discard, c.ws.UnderlyingConn())
	c.ws.Close()
}

// undisturbed checks that a and b have received nothing else and hear each
// other.
func undisturbed(a, b *client) {
	a.t.Helper()
	a.write(`{"n":1}`)
	b.expectText(`{"from":"` + a.id + `","n":1}`)
	b.write(`{"n":2,"to":"` + a.id + `"}`)
	a.expectText(`{"from":"` + b.id + `","n":2,"to":"` + a.id + `"}`)
}

package relay_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/gorilla/websocket"
	"go.uber.org/goleak"

	"perfect-negotiation/negotiation/signaling"
	"perfect-negotiation/server/relay"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for what must come.
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
	Welcome *signaling.Welcome
	Joined  *signaling.Member
	Left    *signaling.Left
	Error   *signaling.Error
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
	protocols := []string{signaling.Subprotocol}
	if key != "" {
		protocols = append(protocols, signaling.KeyPrefix+key)
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
func (s *server) join(key string, query ...string) (*client, *signaling.Welcome) {
	s.t.Helper()
	c := s.dial(key, query...)
	e := c.read()
	if e.Welcome == nil {
		s.t.Fatalf("the first frame is %+v (error %+v), not a welcome", e, e.Error)
	}
	c.id = e.Welcome.ID
	return c, e.Welcome
}

// pair is two peers in the room that have seen each other come.
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

// undisturbed checks that a and b have noticed nothing and hear each other.
func undisturbed(a, b *client) {
	a.t.Helper()
	a.write(`{"n":1}`)
	b.expectText(`{"from":"` + a.id + `","n":1}`)
	b.write(`{"n":2,"to":"` + a.id + `"}`)
	a.expectText(`{"from":"` + b.id + `","n":2,"to":"` + a.id + `"}`)
}

func TestWelcomeJoinedLeft(t *testing.T) {
	ice := []signaling.ICEServer{{URLs: []string{"stun:stun.example.org"}, Username: "u", Credential: "c"}}
	s := serve(t, relay.Config{ICEServers: ice})

	a, welcome := s.join("", "room", "röm 1", "rank", "3")
	if diff := cmp.Diff(&signaling.Welcome{ID: a.id, Room: "röm 1", Peers: []signaling.Member{}, ICEServers: ice}, welcome); diff != "" {
		t.Fatalf("welcome (-want +got):\n%s", diff)
	}
	b, welcome := s.join("", "room", "röm 1")
	if diff := cmp.Diff([]signaling.Member{{ID: a.id, Rank: new(3)}}, welcome.Peers); diff != "" {
		t.Fatalf("peers (-want +got):\n%s", diff)
	}
	a.expectText(`{"joined":{"id":"` + b.id + `"}}`)

	c, welcome := s.join("", "room", "röm 1", "rank", "0")
	if diff := cmp.Diff([]signaling.Member{{ID: a.id, Rank: new(3)}, {ID: b.id}}, welcome.Peers); diff != "" {
		t.Fatalf("peers (-want +got):\n%s", diff)
	}
	a.expectText(`{"joined":{"id":"` + c.id + `","rank":0}}`)
	b.expectText(`{"joined":{"id":"` + c.id + `","rank":0}}`)

	c.ws.Close() // without a word
	a.expectText(`{"left":{"id":"` + c.id + `"}}`)
	b.expectLeft(c.id)
	a.quit()
	b.expectLeft(a.id)
}

func TestListsAreNeverNull(t *testing.T) {
	s := serve(t, relay.Config{})
	c := s.dial("", "room", "r")
	text := c.readText()
	for _, want := range []string{`"peers":[]`, `"iceServers":[]`} {
		if !strings.Contains(text, want) {
			t.Errorf("%s is not in %s", want, text)
		}
	}
}

func TestRoomsAreApart(t *testing.T) {
	s := serve(t, relay.Config{})
	a, b := s.pair("one")
	c, d := s.pair("two")
	a.write(`{"in":"one"}`)
	c.write(`{"to":"` + a.id + `"}`)
	c.expectError(signaling.CodeNotFound)
	undisturbed(c, d)
	b.expectText(`{"from":"` + a.id + `","in":"one"}`)
}

func TestBroadcastReachesEverybodyElse(t *testing.T) {
	s := serve(t, relay.Config{})
	a, b := s.pair("r")
	c, _ := s.join("", "room", "r")
	a.expectJoined(c.id)
	b.expectJoined(c.id)
	c.write(`{"candidate":null}`)
	a.expectText(`{"from":"` + c.id + `","candidate":null}`)
	b.expectText(`{"from":"` + c.id + `","candidate":null}`)
	undisturbed(a, b)
	// c did not hear itself: what it hears next is the answer of b to a, or
	// rather the broadcast of a.
	c.expectText(`{"from":"` + a.id + `","n":1}`)
}

func TestOrder(t *testing.T) {
	s := serve(t, relay.Config{})
	a, b := s.pair("r")
	const n = 500
	go func() {
		for i := range n {
			text, _ := json.Marshal(map[string]any{"n": i, "to": b.id})
			if a.ws.WriteMessage(websocket.TextMessage, text) != nil {
				return
			}
		}
	}()
	for i := range n {
		var got struct{ N int }
		if err := json.Unmarshal([]byte(b.readText()), &got); err != nil || got.N != i {
			t.Fatalf("message %d: got %d, %v", i, got.N, err)
		}
	}
}

// Everybody in the room learns of everybody else once: in the welcome or by a
// joined that follows it.
func TestMembershipWithoutGapOrRepetition(t *testing.T) {
	const n = 8
	s := serve(t, relay.Config{PeersPerRoom: n})
	clients := make([]*client, n)
	seen := make(chan error, n)
	for i := range clients {
		clients[i] = s.dial("", "room", "r")
	}
	for _, c := range clients {
		go func() {
			known := map[string]bool{}
			for first := true; len(known) < n-1; first = false {
				var e envelope
				if err := c.ws.ReadJSON(&e); err != nil {
					seen <- err
					return
				}
				if first != (e.Welcome != nil) {
					seen <- errors.New("the welcome is not the first frame, and only that")
					return
				}
				members := []signaling.Member{}
				if first {
					members = e.Welcome.Peers
				} else if e.Joined != nil {
					members = append(members, *e.Joined)
				}
				for _, m := range members {
					if known[m.ID] {
						seen <- errors.New(m.ID + " was told twice")
						return
					}
					known[m.ID] = true
				}
			}
			seen <- nil
		}()
	}
	for range clients {
		if err := <-seen; err != nil {
			t.Error(err)
		}
	}
}

func TestRoomIsDeletedWhenEmpty(t *testing.T) {
	s := serve(t, relay.Config{})
	a, b := s.pair("r")
	c, _ := s.join("", "room", "other")
	if got, want := s.relay.Stats(), (relay.Stats{Connections: 3, Rooms: 2}); got != want {
		t.Fatalf("got %+v, want %+v", got, want)
	}
	a.quit()
	b.expectLeft(a.id)
	if got := s.relay.Stats().Rooms; got != 2 {
		t.Fatalf("got %d rooms, want 2", got)
	}
	b.quit()
	c.quit()
	if got := s.relay.Stats().Rooms; got != 0 {
		t.Fatalf("got %d rooms, want none", got)
	}
	// A refused client makes no room.
	d := s.dial("short", "room", "r")
	d.expectError(signaling.CodeBadKey)
	if got := s.relay.Stats().Rooms; got != 0 {
		t.Fatalf("got %d rooms, want none", got)
	}
}

func TestSlowReaderIsEvictedAndNobodyWaits(t *testing.T) {
	s := serve(t, relay.Config{})
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

	// When it reads again it learns why it is out.
	for {
		e := slow.read()
		if e.Error != nil {
			if e.Error.Code != signaling.CodeSlow {
				t.Fatalf("got %+v, want %s", e.Error, signaling.CodeSlow)
			}
			break
		}
	}
	slow.expectClose(4408, signaling.CodeSlow)
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

func TestSilentClientIsDropped(t *testing.T) {
	t.Parallel() // it waits
	s := serve(t, relay.Config{PingInterval: 50 * time.Millisecond, PongTimeout: 2 * time.Second})
	a, _ := s.join("", "room", "r")
	silent, _ := s.join("", "room", "r") // answers pings only while it reads
	a.expectJoined(silent.id)
	a.expectLeft(silent.id)
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

func TestShutdown(t *testing.T) {
	s := serve(t, relay.Config{})
	a, b := s.pair("r")
	done := make(chan error)
	go func() { done <- s.relay.Shutdown(context.Background()) }()
	for _, c := range []*client{a, b} {
		for {
			e := c.read()
			if e.Left != nil {
				continue // the other one was quicker
			}
			if e.Error == nil || e.Error.Code != signaling.CodeShutdown {
				t.Fatalf("got %+v, want error %s", e, signaling.CodeShutdown)
			}
			break
		}
		c.expectClose(websocket.CloseServiceRestart, signaling.CodeShutdown)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if got := s.relay.Stats(); got != (relay.Stats{}) {
		t.Fatalf("got %+v after Shutdown, want nothing", got)
	}
	_, response, err := s.connect(websocket.DefaultDialer, nil, "room", "r")
	if err == nil || response.StatusCode != http.StatusServiceUnavailable {
		t.Fatalf("after Shutdown: %v, %+v", err, response)
	}
	if err := s.relay.Shutdown(context.Background()); err != nil {
		t.Fatalf("a second Shutdown: %v", err)
	}
}

func TestShutdownCutsOffWhoDoesNotClose(t *testing.T) {
	s := serve(t, relay.Config{})
	s.join("", "room", "r") // never reads again
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := s.relay.Shutdown(ctx); !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v, want the error of the context", err)
	}
	if got := s.relay.Stats(); got != (relay.Stats{}) {
		t.Fatalf("got %+v after Shutdown, want nothing", got)
	}
}

func TestLogHoldsNoSecrets(t *testing.T) {
	var log bytes.Buffer // slog's handler locks
	s := serve(t, relay.Config{Logger: slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	const room, sdp = "secretroom", "secretsdp"
	a, _ := s.join(keyA, "room", room)
	b, _ := s.join(keyB, "room", room)
	a.expectJoined(b.id)
	a.write(`{"description":{"type":"offer","sdp":"` + sdp + `"},"to":"` + b.id + `"}`)
	b.read()
	a.write(`{"` + sdp)
	a.expectError(signaling.CodeBadMessage)
	a.write(`{"to":"` + sdp + `"}`)
	a.expectError(signaling.CodeNotFound)
	again, _ := s.join(keyA, "room", room)
	a.expectError(signaling.CodeReplaced)
	s.dial("short"+sdp, "room", room).expectError(signaling.CodeBadKey)
	again.write(strings.Repeat(sdp, signaling.MaxFrame/len(sdp)+1))
	again.expectError(signaling.CodeTooLarge)

	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_ = s.relay.Shutdown(ctx)
	if log.Len() == 0 {
		t.Fatal("nothing was logged")
	}
	for _, secret := range []string{room, sdp, keyA, keyB} {
		if strings.Contains(log.String(), secret) {
			t.Errorf("%s is in the log:\n%s", secret, &log)
		}
	}
}

func TestPlainRequestIsToldWhatToDo(t *testing.T) {
	s := serve(t, relay.Config{})
	response, err := s.http.Client().Get(s.http.URL + "/ws?room=r")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, _ := io.ReadAll(response.Body)
	if response.StatusCode != http.StatusUpgradeRequired || response.Header.Get("Upgrade") != "websocket" || !strings.Contains(string(body), "WebSocket") {
		t.Fatalf("got %s, Upgrade %q, %q", response.Status, response.Header.Get("Upgrade"), body)
	}
}

func TestOrigin(t *testing.T) {
	for name, tt := range map[string]struct {
		allowed []string
		origin  string // HOST: the relay's own
		want    bool
	}{
		"none: not a browser":        {nil, "", true},
		"own host":                   {nil, "http://HOST", true},
		"own host behind TLS proxy":  {nil, "https://HOST", true},
		"foreign":                    {nil, "http://evil.example", false},
		"own host as prefix":         {nil, "http://HOST.evil.example", false},
		"own host as user":           {nil, "http://HOST@evil.example", false},
		"sandboxed page":             {nil, "null", false},
		"nonsense":                   {nil, "http://%zz", false},
		"listed":                     {[]string{"https://good.example"}, "https://good.example", true},
		"listed, other letter case":  {[]string{"https://Good.example"}, "https://good.Example", true},
		"not the listed scheme":      {[]string{"https://good.example"}, "http://good.example", false},
		"not listed":                 {[]string{"https://good.example"}, "https://evil.example", false},
		"own host beside the listed": {[]string{"https://good.example"}, "http://HOST", true},
		"any":                        {[]string{"*"}, "https://evil.example", true},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, relay.Config{Origins: tt.allowed})
			header := http.Header{}
			if tt.origin != "" {
				header.Set("Origin", strings.ReplaceAll(tt.origin, "HOST", s.http.Listener.Addr().String()))
			}
			ws, response, err := s.connect(websocket.DefaultDialer, header, "room", "r")
			if !tt.want {
				if err == nil || response.StatusCode != http.StatusForbidden {
					t.Fatalf("got %v, %+v, want 403", err, response)
				}
				return
			}
			if err != nil {
				t.Fatalf("%v, %+v", err, response)
			}
			ws.Close()
		})
	}
}

func TestSubprotocol(t *testing.T) {
	key := signaling.KeyPrefix + strings.Repeat("k", 22)
	for _, tt := range []struct {
		offered []string
		want    string
	}{
		{nil, ""},
		{[]string{"pn"}, "pn"},
		{[]string{key, "pn"}, "pn"},
		{[]string{key}, ""}, // the relay never sends a key back
		{[]string{"chat"}, ""},
	} {
		s := serve(t, relay.Config{})
		ws, _, err := s.connect(&websocket.Dialer{Subprotocols: tt.offered}, nil, "room", "r")
		if err != nil {
			t.Fatal(err)
		}
		if got := ws.Subprotocol(); got != tt.want {
			t.Errorf("offered %q: got %q, want %q", tt.offered, got, tt.want)
		}
	}
}

func TestNoCompression(t *testing.T) {
	s := serve(t, relay.Config{})
	_, response, err := s.connect(&websocket.Dialer{EnableCompression: true}, nil, "room", "r")
	if err != nil {
		t.Fatal(err)
	}
	if got := response.Header.Get("Sec-WebSocket-Extensions"); got != "" {
		t.Fatalf("extensions %q, want none", got)
	}
}

// A message that is announced but never completed does not keep a connection,
// whatever control frames come in between.
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
	if _, err := c.ws.UnderlyingConn().Write(make([]byte, signaling.MaxFrame+1)); err != nil {
		t.Fatal(err)
	}
	c.expectError(signaling.CodeTooLarge)
	c.expectClose(websocket.CloseMessageTooBig, signaling.CodeTooLarge)
	a.expectLeft(c.id)
	b.expectLeft(c.id)
	undisturbed(a, b)
}

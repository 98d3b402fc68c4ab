package cluster_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"math/rand/v2"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/nats-io/nats-server/v2/server"
	"go.uber.org/goleak"

	"perfect-negotiation/negotiation/signaling/wire"
	serving "perfect-negotiation/server/cluster"
	"perfect-negotiation/server/relay"
)

func TestMain(m *testing.M) {
	if url := os.Getenv("CLUSTER_NODE"); url != "" {
		serveProcess(url)
		return
	}
	goleak.VerifyTestMain(m)
}

// patience is how long a test waits for what must come.
const patience = 20 * time.Second

// broker is a NATS server in this process, with files of its own.
type broker struct {
	t       testing.TB
	options server.Options
	*server.Server
}

func startBroker(t testing.TB, change ...func(*server.Options)) *broker {
	t.Helper()
	b := &broker{t: t, options: server.Options{
		Host: "127.0.0.1", Port: -1, NoSigs: true, NoLog: true, JetStream: true, StoreDir: t.TempDir(),
	}}
	for _, f := range change {
		f(&b.options)
	}
	b.start()
	t.Cleanup(b.stop)
	return b
}

func (b *broker) start() {
	b.t.Helper()
	options := b.options // the server writes into it
	s, err := server.NewServer(&options)
	if err != nil {
		b.t.Fatal(err)
	}
	s.Start()
	if !s.ReadyForConnections(patience) {
		b.t.Fatal("NATS does not start")
	}
	b.Server, b.options.Port = s, options.Port
}

func (b *broker) stop() {
	b.Shutdown()
	b.WaitForShutdown()
}

// node is one of a cluster, on real sockets.
type node struct {
	t     testing.TB
	name  string
	relay *relay.Relay
	http  *httptest.Server
	*serving.Node

	copies       atomic.Int32 // how often each packet is published
	skipped      atomic.Int32 // packets that were not
	lose, double atomic.Int32 // one of so many is lost, or comes twice; 0: none
}

func (b *broker) node(name string, change ...func(*relay.Config)) *node {
	b.t.Helper()
	n := &node{t: b.t, name: name}
	log := slog.New(slog.DiscardHandler)
	if testing.Verbose() {
		log = slog.New(slog.NewTextHandler(testWriter{b.t}, nil)).With("at", name)
	}
	var err error
	n.Node, err = serving.Connect(b.t.Context(), serving.Config{URLs: []string{b.ClientURL()}, Name: name, Secret: []byte("secret"), Logger: log})
	if err != nil {
		b.t.Fatal(err)
	}
	n.copies.Store(1)
	n.Copies(func() int {
		times := n.copies.Load()
		if in := n.lose.Load(); in > 0 && rand.Int32N(in) == 0 {
			times = 0
		}
		if in := n.double.Load(); in > 0 && rand.Int32N(in) == 0 {
			times *= 2
		}
		if times == 0 {
			n.skipped.Add(1)
		}
		return int(times)
	})
	config := relay.Config{Cluster: n.Node, ConnectsPerAddress: 1e6, ConnectionsPerAddress: 1e6, NewcomersPerRoom: 1e6, BytesPerSecond: 1 << 30, MessagesPerAddress: 1 << 30, BytesPerAddress: 1 << 30, Logger: log}
	for _, f := range change {
		f(&config)
	}
	n.relay = relay.New(config)
	if err := n.Serve(n.relay); err != nil {
		b.t.Fatal(err)
	}
	n.http = httptest.NewServer(n.relay)
	b.t.Cleanup(n.end)
	return n
}

// end shuts a node down and cuts its clients off.
func (n *node) end() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second/2)
	defer cancel()
	_ = n.relay.Shutdown(ctx)
	n.http.Close()
}

// kill ends a node as if its process had died.
func (n *node) kill() {
	n.Kill()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_ = n.relay.Shutdown(ctx)
	n.http.Close()
}

type testWriter struct{ t testing.TB }

func (w testWriter) Write(b []byte) (int, error) {
	w.t.Log(strings.TrimSpace(string(b)))
	return len(b), nil
}

// said is what the tests read of a frame.
type said struct {
	Welcome *wire.Welcome
	Joined  *wire.Member
	Left    *wire.Left
	Error   *wire.Error
	From    string
	N       int
}

// client is one connection to a node.
type client struct {
	t  testing.TB
	ws *websocket.Conn
	id string

	skipLeft bool // read passes over left
}

// dial connects with the parameters of a query, as name and value in turn.
func (n *node) dial(key string, query ...string) *client {
	n.t.Helper()
	values := url.Values{}
	for i := 0; i < len(query); i += 2 {
		values.Add(query[i], query[i+1])
	}
	protocols := []string{wire.Subprotocol}
	if key != "" {
		protocols = append(protocols, wire.KeyPrefix+key)
	}
	ws, response, err := (&websocket.Dialer{Subprotocols: protocols}).Dial("ws"+strings.TrimPrefix(n.http.URL, "http")+"/ws?"+values.Encode(), nil)
	if err != nil {
		n.t.Fatalf("dial: %v, %+v", err, response)
	}
	_ = ws.SetReadDeadline(time.Now().Add(patience))
	n.t.Cleanup(func() { ws.Close() })
	return &client{t: n.t, ws: ws}
}

// join connects and reads the welcome.
func (n *node) join(key string, query ...string) (*client, *wire.Welcome) {
	n.t.Helper()
	c := n.dial(key, query...)
	e := c.read()
	if e.Welcome == nil {
		n.t.Fatalf("the first frame is %+v (error %+v), not a welcome", e, e.Error)
	}
	c.id = e.Welcome.ID
	return c, e.Welcome
}

func (c *client) read() said {
	c.t.Helper()
	_, data, err := c.ws.ReadMessage()
	if err != nil {
		c.t.Fatalf("read: %v", err)
	}
	var s said
	if err := json.Unmarshal(data, &s); err != nil {
		c.t.Fatalf("%q: %v", data, err)
	}
	if c.skipLeft && s.Left != nil {
		return c.read()
	}
	return s
}

func (c *client) write(text string) {
	c.t.Helper()
	if err := c.ws.WriteMessage(websocket.TextMessage, []byte(text)); err != nil {
		c.t.Fatal(err)
	}
}

func (c *client) expectJoined(id string) {
	c.t.Helper()
	if s := c.read(); s.Joined == nil || s.Joined.ID != id {
		c.t.Fatalf("got %+v, want that %s joined", s, id)
	}
}

func (c *client) expectLeft(id string) {
	c.t.Helper()
	if s := c.read(); s.Left == nil || s.Left.ID != id {
		c.t.Fatalf("got %+v (error %+v), want that %s left", s, s.Error, id)
	}
}

func (c *client) expectMessage(from string, n int) {
	c.t.Helper()
	if s := c.read(); s.From != from || s.N != n {
		c.t.Fatalf("got %+v, want message %d from %s", s, n, from)
	}
}

// expectEnd reads an error and the close code that goes with it.
func (c *client) expectEnd(code string) *wire.Error {
	c.t.Helper()
	s := c.read()
	if s.Error == nil || s.Error.Code != code {
		c.t.Fatalf("got %+v (error %+v), want error %s", s, s.Error, code)
	}
	_, data, err := c.ws.ReadMessage()
	var closed *websocket.CloseError
	if !errors.As(err, &closed) || closed.Code != wire.CloseCode(code) {
		c.t.Fatalf("got %q, %v, want a close with %d", data, err, wire.CloseCode(code))
	}
	return s.Error
}

// settle waits until a condition holds.
func settle(t testing.TB, what string, condition func() bool) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for !condition() {
		if time.Now().After(deadline) {
			t.Fatal(what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

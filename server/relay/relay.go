// Package relay is the signalling server: peers meet in a room over WebSocket
// and pass JSON objects to each other. It holds no negotiation state and reads
// nothing of the messages but the address. The wire format is that of package
// [perfect-negotiation/negotiation/signaling/wire].
//
// # Guarantees
//
//   - The first frame of a connection is its welcome, or the error that refuses
//     it. The peers in the welcome, with the joined and left that follow, are
//     those in the room at every moment, without gap or repetition.
//   - Messages from one peer to another arrive in order and at most once. They
//     are lost with the addressee's connection; clients that need more must
//     retransmit.
//   - "from" is true: what the sender wrote there is removed. No peer can send
//     another one a welcome, joined, left or error.
//   - A message that is passed on is one JSON object in valid UTF-8, at most 64
//     deep, with the bytes of all its other members as the sender wrote them.
//   - A peer that does not read is evicted and never makes a sender wait. A
//     peer that sends nonsense disturbs only itself, and one that sends too
//     fast is slowed down: see [Config].BytesPerSecond.
//   - A room exists while it has peers.
//
// # Keys
//
// Letter case is ignored in JSON keys wherever a receiver could be misled,
// because encoding/json in receivers ignores it, too: "From" is removed like
// "from", and "Welcome" is refused like "welcome". "To" is refused as well,
// because a message with a misspelt address must not go to the whole room. If a
// key is repeated, the last one counts, as in JSON.parse.
//
// # Limits
//
// A connection costs the relay one goroutine and 6 KB, its queue, which [Config]
// bounds, and the message that it is sending: up to 128 KB for a message of up
// to 64 KB. There is no compression. The time that a client takes for the
// headers of its request is bounded by the server in front of the handler
// ([http.Server].ReadHeaderTimeout).
//
// Messages, keys and room names are not logged. The origins of refused pages are,
// once each.
package relay

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"perfect-negotiation/negotiation/signaling/wire"
)

// Config of a [Relay]. Zero and negative numbers stand for the default.
type Config struct {
	// Origins are the origins whose pages may connect, besides the relay's own
	// host, as browsers write them ("https://example.org"); "*" allows all. A
	// request without an Origin does not come from a page and is allowed.
	Origins []string

	// PeersPerRoom is how many peers a room holds. Default 8. A room in which a
	// peer has an explicit role holds two.
	PeersPerRoom int

	// QueueBytes and QueueMessages bound the frames that wait to be written to one
	// client, beyond the one that is being written. A client that exceeds them is
	// evicted.
	//
	// The defaults are 256 KB and 1024. In a full room of 8 a newcomer receives an
	// offer (up to 10 KB) and up to 40 candidates (300 bytes each) from each of 7
	// others: 290 messages, 150 KB. It must not be evicted if it has read none of
	// them yet. The bound on messages exists only because a tiny one costs more
	// than its bytes.
	QueueBytes    int
	QueueMessages int

	// BytesPerSecond is the average speed at which one client is read, bytes that are
	// not relayed included; each message counts 256 bytes extra. A burst may have
	// half of QueueBytes, and in any case one message. Faster senders are slowed by
	// TCP backpressure: nothing is lost. From a client whose connection is ending, 1
	// MB is read at any speed.
	//
	// A client that reconnects with its key counts as the same one; with a fresh
	// key, or once the relay has noticed that it was gone, it counts as another.
	//
	// Default 128 KB. At that speed a peer that floods the room cannot get another
	// evicted that keeps up, or pauses for a second; and a newcomer to a full room
	// of 8, which sends 150 KB in its first seconds, hardly waits.
	BytesPerSecond int

	// PingInterval is the time between two pings to a client; they go out up to a
	// quarter of it later. Default 25 s: less than the idle timeouts of common
	// proxies.
	PingInterval time.Duration
	// PongTimeout ends a connection that has sent no whole message and no pong for
	// this long, or takes this long for one message. Default 60 s.
	PongTimeout time.Duration
	// WriteTimeout is how long the network may take to accept one frame. Default
	// 10 s.
	WriteTimeout time.Duration

	// ICEServers are sent to every client in its welcome.
	ICEServers []wire.ICEServer

	// Logger gets the events that operators want to know. Default: none is logged.
	Logger *slog.Logger
}

func (c Config) withDefaults() Config {
	if c.PeersPerRoom <= 0 {
		c.PeersPerRoom = 8
	}
	if c.QueueBytes <= 0 {
		c.QueueBytes = 256 << 10
	}
	if c.QueueMessages <= 0 {
		c.QueueMessages = 1024
	}
	if c.BytesPerSecond <= 0 {
		c.BytesPerSecond = 128 << 10
	}
	if c.PingInterval <= 0 {
		c.PingInterval = 25 * time.Second
	}
	if c.PongTimeout <= 0 {
		c.PongTimeout = 60 * time.Second
	}
	if c.WriteTimeout <= 0 {
		c.WriteTimeout = 10 * time.Second
	}
	if c.ICEServers == nil {
		c.ICEServers = []wire.ICEServer{}
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c
}

// Relay is the [http.Handler] of GET /ws. Its methods may be called at any time
// from any goroutine. Make it with [New], end it with [Relay.Shutdown].
type Relay struct {
	config   Config
	upgrader websocket.Upgrader

	strangers strangers

	running sync.WaitGroup // connections, their writers, the sweeper
	stop    chan struct{}  // closed by Shutdown

	mu     sync.Mutex // before room.mu, before queue.mu
	closed bool
	conns  map[*conn]struct{}
	rooms  map[string]*room
}

// New returns a relay that runs until [Relay.Shutdown].
func New(config Config) *Relay {
	config = config.withDefaults()
	r := &Relay{
		config: config,
		upgrader: websocket.Upgrader{
			HandshakeTimeout: config.WriteTimeout,
			ReadBufferSize:   512,
			WriteBufferSize:  4096,
			WriteBufferPool:  new(sync.Pool),
			Subprotocols:     []string{wire.Subprotocol},
			CheckOrigin:      func(*http.Request) bool { return true }, // ServeHTTP did
			Error: func(w http.ResponseWriter, _ *http.Request, status int, reason error) {
				w.Header().Set("Sec-WebSocket-Version", "13")
				http.Error(w, reason.Error(), status)
			},
		},
		stop:  make(chan struct{}),
		conns: make(map[*conn]struct{}),
		rooms: make(map[string]*room),
	}
	r.running.Go(r.sweep)
	return r
}

// ServeHTTP upgrades the request to a WebSocket and returns; the connection
// outlives it.
//
// A plain HTTP request gets 426, a page of a foreign origin 403, a malformed WebSocket
// request 400 or 405, and after [Relay.Shutdown] any other 503. All other refusals come
// over the WebSocket, as an error and a close code, because a page cannot read the
// response to a WebSocket request that failed.
func (r *Relay) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	if !websocket.IsWebSocketUpgrade(req) {
		w.Header().Set("Upgrade", "websocket")
		w.Header().Set("Connection", "Upgrade")
		http.Error(w, "This is the signalling relay. Connect with a WebSocket: GET /ws?room=NAME", http.StatusUpgradeRequired)
		return
	}
	if origin, refused := refusedOrigin(req, r.config.Origins); refused {
		origin = strings.ToValidUTF8(origin[:min(len(origin), maxOrigin)], "")
		if r.strangers.add(origin) {
			r.config.Logger.Warn("page refused: to let it in, start the server with its --origin", "origin", origin)
		}
		http.Error(w, "Pages of "+origin+" may not use this relay. To let them in, start the server with --origin "+origin, http.StatusForbidden)
		return
	}
	if !r.begin() {
		w.Header().Set("Retry-After", "1")
		http.Error(w, "The relay is shutting down. Try again in a moment.", http.StatusServiceUnavailable)
		return
	}
	ws, err := r.upgrader.Upgrade(pacer{w}, req, nil)
	if err != nil {
		r.running.Done()
		return
	}
	request, refused := readJoinRequest(req)
	c := newConn(r, ws, request)
	// A goroutine of its own lets go of the request and of net/http's buffers and
	// grown stack: a connection costs 6 KB instead of 20.
	go func() {
		defer r.running.Done()
		c.serve(refused)
	}()
}

// begin counts a connection in, unless the relay is going down.
func (r *Relay) begin() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return false
	}
	r.running.Add(1)
	return true
}

// Shutdown refuses new connections, tells every client so with the code
// "shutdown" (close code 1012), and returns when all connections and goroutines
// of the relay have ended. Clients have 5 s to close, less if ctx ends before:
// then Shutdown cuts them off and returns the error of ctx.
func (r *Relay) Shutdown(ctx context.Context) error {
	r.mu.Lock()
	if !r.closed {
		r.closed = true
		close(r.stop)
	}
	for c := range r.conns {
		c.end(errShutdown)
	}
	r.mu.Unlock()

	done := make(chan struct{})
	go func() {
		r.running.Wait()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
	}
	r.mu.Lock()
	for c := range r.conns {
		c.abort()
	}
	r.mu.Unlock()
	<-done
	return ctx.Err()
}

// Ready reports whether the relay accepts new connections, as it does until
// [Relay.Shutdown].
func (r *Relay) Ready() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return !r.closed
}

// Stats has the counts of a relay at one moment.
type Stats struct {
	Connections int // open WebSockets, also those that are being closed
	Rooms       int
}

// Stats returns the current counts.
func (r *Relay) Stats() Stats {
	r.mu.Lock()
	defer r.mu.Unlock()
	return Stats{Connections: len(r.conns), Rooms: len(r.rooms)}
}

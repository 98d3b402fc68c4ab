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
//     another one a welcome, joined, left, iceServers or error.
//   - A message that is passed on is one JSON object in valid UTF-8, at most 64
//     deep, with the bytes of all its other members as the sender wrote them.
//   - A peer that does not read is evicted. A peer that sends nonsense disturbs only
//     itself, and one that sends too fast is slowed down: see
//     [Config].BytesPerSecond. Who sends to a peer for which much waits is slowed
//     down, too, but waits no more than 2 s for one message.
//   - A member of a room may stop reading for 5 s, even if all others send as fast as
//     they may, as long as their messages have no more than 4 KB.
//   - A room exists while it has peers. Everybody may enter any, unless [Config].Admit
//     decides that.
//   - With [Config].Cluster a room may live on another node, and all of this holds across
//     nodes.
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
// A connection costs the relay one goroutine and 7 KB, its queue, which [Config]
// bounds, and the message that it is sending: up to 128 KB for a message of up
// to 64 KB. There is no compression. The time that a client takes for the
// headers of its request is bounded by the server in front of the handler
// ([http.Server].ReadHeaderTimeout).
//
// Messages, keys, tokens and room names are not logged. The origins of refused pages are,
// once each.
package relay

import (
	"context"
	"net/http"
	"net/netip"
	"sync"

	"github.com/gorilla/websocket"

	"perfect-negotiation/negotiation/signaling/wire"
)

// Relay is the [http.Handler] of GET /ws. Its methods may be called at any time
// from any goroutine. Make it with [New], end it with [Relay.Shutdown].
type Relay struct {
	config   Config
	upgrader websocket.Upgrader

	strangers strangers
	accounts  accounts
	backlog   backlog
	totals    totals

	running sync.WaitGroup // connections, their writers, the sweeper
	stop    chan struct{}  // closed by Shutdown

	mu      sync.Mutex // before room.mu, before queue.mu; before accounts.mu, before account.mu
	closed  bool
	entered int // connections, from before their upgrade to their end
	conns   map[*conn]struct{}
	rooms   map[string]*room
}

// New returns a relay that runs until [Relay.Shutdown].
func New(config Config) *Relay {
	config = config.withDefaults()
	r := &Relay{
		config: config,
		upgrader: websocket.Upgrader{
			ReadBufferSize:  512,
			WriteBufferSize: 4096,
			WriteBufferPool: new(sync.Pool),
			Subprotocols:    []string{wire.Subprotocol},
			CheckOrigin:     func(*http.Request) bool { return true }, // ServeHTTP did
			Error: func(w http.ResponseWriter, _ *http.Request, status int, reason error) {
				w.Header().Set("Sec-WebSocket-Version", "13")
				http.Error(w, reason.Error(), status)
			},
		},
		stop:  make(chan struct{}),
		conns: make(map[*conn]struct{}),
		rooms: make(map[string]*room),
	}
	r.accounts = accounts{config: &r.config, of: make(map[netip.Addr]*account)}
	r.backlog.max, r.backlog.share = int64(config.QueuedBytes), config.QueuedBytes/config.Connections
	r.running.Go(r.sweep)
	return r
}

// ServeHTTP upgrades the request to a WebSocket and returns; the connection
// outlives it.
//
// A plain HTTP request gets 426, a page of a foreign origin 403, a malformed WebSocket
// request 400 or 405. What the relay or the client's address has no room for gets a
// [Refusal], as all others do after [Relay.Shutdown]. All other refusals come over the
// WebSocket, as an error and a close code, because a page cannot read the response to a
// WebSocket request that failed.
func (r *Relay) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	if !websocket.IsWebSocketUpgrade(req) {
		r.totals.rejects.add(RejectNotWebSocket)
		w.Header().Set("Upgrade", "websocket")
		w.Header().Set("Connection", "Upgrade")
		http.Error(w, "This is the signalling relay. Connect with a WebSocket: GET /ws?room=NAME", http.StatusUpgradeRequired)
		return
	}
	if origin, refused := refusedOrigin(req, r.config.Origins); refused {
		if r.strangers.add(origin) {
			r.config.Logger.Warn("page refused: to let it in, start the server with its --origin", "origin", origin)
		}
		r.totals.rejects.add(RejectOrigin)
		refuseOrigin(origin).ServeHTTP(w, req)
		return
	}
	request, refused := readJoinRequest(req)
	request.grant = Grant{}.withDefaults(&r.config)
	account, refusal := r.begin(r.Client(req), request.room)
	if refusal != nil {
		r.totals.rejects.add(refusal.reason())
		refusal.ServeHTTP(w, req)
		return
	}
	if refused == nil {
		refused = r.admit(req, &request)
	}
	ws, err := r.upgrader.Upgrade(pacer{w}, req, nil)
	if err != nil {
		r.totals.rejects.add(RejectNotWebSocket)
		r.undo(account)
		return
	}
	r.totals.handshakes.Add(1)
	c := newConn(r, ws, request, account)
	joined := c.enter(refused)
	// A goroutine of its own lets go of the request, of net/http's buffers, and of the
	// stack that has grown until here: a connection costs 7 KB instead of 20.
	go func() {
		defer r.running.Done()
		c.serve(joined)
	}()
}

// begin counts a connection of a client in that is to join a room, or says why it may
// not come.
func (r *Relay) begin(client netip.Addr, room string) (*account, *Refusal) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if refusal := r.full(); refusal != nil {
		return nil, refusal
	}
	if refusal := r.noRoom(room); refusal != nil {
		return nil, refusal
	}
	a, refusal := r.accounts.open(client)
	if refusal != nil {
		return nil, refusal
	}
	r.entered++
	r.running.Add(1)
	return a, nil
}

// undo takes back what begin did.
func (r *Relay) undo(a *account) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.entered--
	r.accounts.close(a)
	r.running.Done()
}

// full says why no new connection is taken, whoever asks. The caller holds the lock.
func (r *Relay) full() *Refusal {
	switch {
	case r.closed:
		return refuseShutdown
	case r.entered >= r.config.Connections:
		return refuseFull(r.entered)
	case r.backlog.full():
		return refuseBacklog()
	default:
		return nil
	}
}

// noRoom says why a room cannot be entered, whoever asks. The caller holds the lock.
func (r *Relay) noRoom(name string) *Refusal {
	if len(r.rooms) < r.config.Rooms || r.rooms[name] != nil || r.config.Cluster != nil { // it may live elsewhere: join has the last word
		return nil
	}
	return refuseRooms(len(r.rooms))
}

// Shutdown refuses new connections, tells every client so with the code
// "shutdown" (close code 1012) and when to come back, one after the other as
// [Config].ReturnsPerSecond has it, and returns when all connections and goroutines
// of the relay have ended. Clients have 5 s to close, less if ctx ends before:
// then Shutdown cuts them off and returns the error of ctx.
func (r *Relay) Shutdown(ctx context.Context) error {
	r.mu.Lock()
	if !r.closed {
		r.closed = true
		close(r.stop)
	}
	n := 0
	tell := func(c *conn) {
		c.end(errShutdown(n, r.config.ReturnsPerSecond))
		n++
	}
	for c := range r.conns { // in random order
		tell(c)
	}
	r.eachGuest(tell)
	r.mu.Unlock()
	if r.config.Cluster != nil {
		r.config.Cluster.Close(ctx)
	}

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

// Ready reports whether the relay accepts new connections: until [Relay.Shutdown],
// unless it is full.
func (r *Relay) Ready() bool { return r.Full() == nil }

// Full says why the relay takes no new connection from anybody, or returns nil.
func (r *Relay) Full() *Refusal {
	r.mu.Lock()
	defer r.mu.Unlock()
	if refusal := r.full(); refusal != nil || r.config.Cluster == nil {
		return refusal
	}
	return r.config.Cluster.Refuses("")
}

// Client returns the address of the client of a request, as [Config].Address has it.
func (r *Relay) Client(req *http.Request) netip.Addr { return r.config.Address(req) }

// Refuses says why the relay would now take no new connection from the client that makes
// a request, or returns nil. If the query names a room, it may be that, too.
func (r *Relay) Refuses(req *http.Request) *Refusal {
	if origin, refused := refusedOrigin(req, r.config.Origins); refused {
		return refuseOrigin(origin)
	}
	client, room := r.Client(req), req.URL.Query().Get("room")
	r.mu.Lock()
	defer r.mu.Unlock()
	if refusal := r.full(); refusal != nil {
		return refusal
	}
	if room != "" {
		if refusal := r.noRoom(room); refusal != nil {
			return refusal
		}
		if r.config.Cluster != nil {
			if refusal := r.config.Cluster.Refuses(room); refusal != nil {
				return refusal
			}
		}
	}
	return r.accounts.asked(client)
}

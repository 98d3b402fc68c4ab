package relay

import (
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"time"

	"perfect-negotiation/negotiation/signaling/wire"
	"perfect-negotiation/server/address"
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
	// not relayed included. All deliveries of a message count, each with 256 bytes
	// extra, and so do control frames; a ping counts as a tenth of a second. A burst may
	// have half of QueueBytes, and in any case one message. Faster senders are slowed by
	// TCP backpressure: nothing is lost. From a client whose connection is ending, 256
	// KB are read at any speed, for a second.
	//
	// A client that reconnects with its key counts as the same one; with a fresh
	// key, or once the relay has noticed that it was gone, it counts as another.
	//
	// Default 128 KB. At that speed a peer that floods the room cannot get another
	// evicted that keeps up, or pauses for a second; and a newcomer to a full room
	// of 8, which sends 150 KB in its first seconds, hardly waits.
	BytesPerSecond int

	// NewcomersPerRoom is how many clients that were not in a room lately may enter it a
	// second, after the first 16. Default 5.
	NewcomersPerRoom float64

	// What one address may have: its connections, new ones a second (four times as
	// many at once), and the messages and bytes a second of all of them together. All
	// deliveries of a message count, and each counts 256 bytes extra, as control frames
	// do. Connections that exceed the last two wait, those that have had most the
	// longest. In IPv6 a /64 is one address. Defaults 256, 10, 4000 and 2 MB.
	ConnectionsPerAddress int
	ConnectsPerAddress    float64
	MessagesPerAddress    int
	BytesPerAddress       int

	// What there is in all: connections, rooms, and bytes that wait to be written. Over
	// these, new connections are refused; while too many bytes wait, a client is
	// evicted that has more than an equal share of them. Defaults 10,000, 5,000 and
	// 256 MB.
	Connections int
	Rooms       int
	QueuedBytes int

	// Address returns the address of the client of a request, under which it is counted;
	// the zero Addr is not counted. Default: that of a [address.Resolver] that trusts no
	// proxy.
	Address func(*http.Request) netip.Addr

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

	// ReturnsPerSecond is how many clients a second [Relay.Shutdown] tells to come
	// back: it gives each its own time to wait. Default 500: over TLS so many
	// connections take half of a core.
	ReturnsPerSecond int

	// Version of the program, which every client is told in its welcome; empty: none
	// is told.
	Version string

	// ICEServers are sent to every client in its welcome, unless ICEServersFor is set.
	ICEServers []wire.ICEServer

	// ICEServersFor returns the ICE servers for the client with this id, and when their
	// credentials expire; the zero time: never. A client is sent fresh ones once half of
	// the time is over, up to a quarter of PingInterval later. It is called with locks
	// held: it must be quick, and must not call the Relay.
	ICEServersFor func(id string) (servers []wire.ICEServer, expires time.Time)

	// Admit says what a client may have, or why it may not come in. It is called for each
	// WebSocket that asks for something valid, before the upgrade, on a goroutine of its
	// own and without locks, so it may ask a database, and must be safe to be called many
	// times at once. The request's header has cookies and the token (see [Token]), but
	// not the client's key. Nil: everybody comes in, with the role that they ask for.
	//
	// The client is told of an error over the WebSocket, because a page can read it only
	// there. If it is a *wire.Error, that has the code and the words, else the code is
	// forbidden, and the client does not learn more. The relay logs no more than the
	// code.
	//
	// Admit has 5 s, until ctx ends. If it takes longer or panics, the client is refused
	// with the code busy, so that it tries again. Until Admit returns, it counts as a
	// connection.
	Admit func(ctx context.Context, req *http.Request, c Candidate) (Grant, error)

	// Cluster knows the other nodes that serve the same rooms. Nil: there are none.
	Cluster Cluster

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
	if c.NewcomersPerRoom <= 0 {
		c.NewcomersPerRoom = 5
	}
	if c.ConnectionsPerAddress <= 0 {
		c.ConnectionsPerAddress = 256
	}
	if c.ConnectsPerAddress <= 0 {
		c.ConnectsPerAddress = 10
	}
	if c.MessagesPerAddress <= 0 {
		c.MessagesPerAddress = 4000
	}
	if c.BytesPerAddress <= 0 {
		c.BytesPerAddress = 2 << 20
	}
	if c.Connections <= 0 {
		c.Connections = 10_000
	}
	if c.Rooms <= 0 {
		c.Rooms = 5000
	}
	if c.QueuedBytes <= 0 {
		c.QueuedBytes = 256 << 20
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
	if c.ReturnsPerSecond <= 0 {
		c.ReturnsPerSecond = 500
	}
	if c.ICEServers == nil {
		c.ICEServers = []wire.ICEServer{}
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Address == nil {
		c.Address = (&address.Resolver{Logger: c.Logger}).Of
	}
	return c
}

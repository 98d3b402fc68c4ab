package relay

import (
	"context"
	"errors"

	"perfect-negotiation/negotiation/signaling/wire"
)

// Cluster is what a relay knows of the other nodes that serve the same rooms. Each room
// lives on one node, whose relay decides about it as one without others does. A client
// that is connected elsewhere is a [Guest] there, and its own node passes on what both
// sides say:
//
//	client → its node: conn → Place.Pass ─→ the room's node: Guest.Pass → room
//	client ← its node: conn ← Receiver  ←─  the room's node: Receiver   ← room
//
// Package cluster implements it. Its methods may be called from any goroutine.
type Cluster interface {
	// Find says where a room lives: here from now on, if it lived nowhere. It waits until
	// ctx ends at most. The caller leaves the place in the end. The error is for the
	// client.
	Find(ctx context.Context, room string) (Place, *wire.Error)

	// Refuses says why clients cannot be let into a room now, or returns nil. An empty
	// name stands for a room that does not live here.
	Refuses(room string) *Refusal

	// Close gives up the rooms that live here, after [Relay.Shutdown] has told all
	// clients, and lets go of the other nodes.
	Close(ctx context.Context)
}

// Place is where a room lives, as one client has found it. Its methods do not block, but
// for Enter.
type Place interface {
	// Here reports whether the room lives here: then only Leave is called. It is asked
	// again once the client is a member.
	Here() bool

	// Enter makes the client a member of the room. Once it is, or is not, it returns: nil,
	// a [*wire.Error] for the client, or [ErrMoved].
	Enter(ctx context.Context, e Entrance, to Receiver) error

	Pass(m Message)
	Slow()  // much waits for the client
	Leave() // may be called again
}

// ErrMoved says that a room no longer lives where it was found.
var ErrMoved = errors.New("the room no longer lives there")

// Entrance is what the node of a client tells the room's.
type Entrance struct {
	Room         string
	Member       wire.Member
	Dial         string // as in the query
	Protocol     int
	PeersPerRoom int
}

// Message is one of a client, with its true "from". The bytes are good until the call
// returns.
type Message struct {
	To        string
	Addressed bool // else it is for all others in the room
	Data      []byte
}

// Receiver is where a member of a room is told what it is to know. Its methods are called
// in that order, with locks held, and do not block.
type Receiver interface {
	Welcome(others []wire.Member)
	Send(text []byte)               // good until the call returns
	Charge(bytes, frames, toll int) // for what the member's messages cost beyond one delivery each
	End(reason *wire.Error)         // it is not a member any more
}

package peer

import (
	"perfect-negotiation/negotiation/signaling/wire"
	"perfect-negotiation/negotiation/trace"
)

// RosterEntry is what the trace has told of another peer.
type RosterEntry struct {
	ID       string
	Role     wire.Role // ours, towards it
	State    string    // of the connection to it, an RTCPeerConnectionState; new before there is one
	Stalled  bool      // it acknowledges nothing
	Channels int       // open data channels
	Source   string    // what is known of its negotiation source; empty: nothing yet
	Differs  bool      // its source is not ours
}

// Roster tells who is in the room, and how we are connected: it is what all events of a
// trace come to. The zero value is the roster of an empty room. It is not safe for
// concurrent use, and nor is what it returns: Apply changes entries in place.
type Roster struct{ entries []*RosterEntry }

// Apply takes in the next event of the trace, of whatever kind, and returns whether it
// was about the roster: then the entry of e.Peer is new, gone, or has changed.
func (r *Roster) Apply(e trace.Event) bool {
	entry := r.Find(e.Peer)
	if entry == nil {
		if e.Kind == trace.PeerJoined {
			r.entries = append(r.entries, &RosterEntry{ID: e.Peer, Role: e.Role, State: "new"})
		}
		return e.Kind == trace.PeerJoined
	}
	switch e.Kind {
	case trace.PeerGone, trace.PeerNotPaired:
		var left []*RosterEntry // slices.DeleteFunc would be larger, and change lists that were returned
		for _, other := range r.entries {
			if other != entry {
				left = append(left, other)
			}
		}
		r.entries = left
	case trace.Paired:
		entry.Role, entry.State = e.Role, "new"
	case trace.Connected:
		entry.State = "connected"
	case trace.ConnectionState:
		entry.State = string(e.Code)
	case trace.Unpaired:
		entry.State = "closed"
	case trace.SignalingStalled, trace.SignalingResumed:
		entry.Stalled = e.Kind == trace.SignalingStalled
	case trace.ChannelOpened:
		entry.Channels++
	case trace.ChannelClosed:
		entry.Channels--
	case trace.SourceSame, trace.SourceDiffers:
		entry.Source, entry.Differs = e.Detail, e.Kind == trace.SourceDiffers
	default:
		return false
	}
	return true
}

// Entries returns what is known of all who are here, in the order in which they came. The
// list is not to be changed.
func (r *Roster) Entries() []*RosterEntry { return r.entries }

// Find returns what is known of a peer; nil: it is not here.
func (r *Roster) Find(id string) *RosterEntry {
	for _, e := range r.entries {
		if e.ID == id {
			return e
		}
	}
	return nil
}

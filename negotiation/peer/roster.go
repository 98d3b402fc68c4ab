package peer

import (
	"perfect-negotiation/negotiation/signaling/wire"
	"perfect-negotiation/negotiation/trace"
)

// Status describes another peer, as known from the trace.
type Status struct {
	ID       string
	Role     wire.Role // our role towards it
	State    string    // RTCPeerConnectionState of the connection to it; new before there is one
	Stalled  bool      // it has stopped acknowledging messages
	Channels int       // open data channels
	Source   string    // what is known of its [negotiation.Source]; empty: nothing yet
	Differs  bool      // its source is not ours
}

// Roster is the list of peers in the room and the state of the connections to them,
// derived from the events of a trace. The zero value is the roster of an empty room.
// It is not safe for concurrent use, and neither are the entries it returns: Apply
// changes them in place.
type Roster struct{ entries []*Status }

// Apply applies the next event of the trace, of any kind, and reports whether it
// changed the roster: then the entry of e.Peer was added, removed or changed.
func (r *Roster) Apply(e trace.Event) bool {
	entry := r.Find(e.Peer)
	if entry == nil {
		if e.Kind == trace.PeerJoined {
			r.entries = append(r.entries, &Status{ID: e.Peer, Role: e.Role, State: "new"})
		}
		return e.Kind == trace.PeerJoined
	}
	switch e.Kind {
	case trace.PeerGone, trace.PeerNotPaired:
		var left []*Status // slices.DeleteFunc would be larger, and change lists that were returned
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

// Entries returns an entry for each peer, in the order in which they came. Do not
// modify the list.
func (r *Roster) Entries() []*Status { return r.entries }

// Find returns the entry of a peer; nil: it is not in the room.
func (r *Roster) Find(id string) *Status {
	for _, e := range r.entries {
		if e.ID == id {
			return e
		}
	}
	return nil
}

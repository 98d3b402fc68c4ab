package peer

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"perfect-negotiation/negotiation"
	"perfect-negotiation/negotiation/signaling"
)

const (
	maxRetired      = 16 // sessions of one peer that are remembered after their end
	maxStartingOver = 5  // connections in a row that may fail before one connects
)

// remote is another member of the room.
type remote struct {
	peer    *Peer
	id      string
	rank    *int     // nil: a plain page, which speaks no sessions
	polite  bool     // we are, towards it
	present bool     // the relay has it
	session string   // ours, towards it
	retired []string // its sessions that have ended
	pairing *pairing // nil: none
	failed  int      // connections in a row that did not connect
}

func newSession() string {
	id := make([]byte, 8)
	_, _ = rand.Read(id) // never fails
	return hex.EncodeToString(id)
}

// received handles an envelope from the remote peer.
func (r *remote) received(e signaling.Envelope) {
	if e.Session == "" && r.pairing == nil && e.Message != nil {
		r.rank = nil // it stated a rank, and is a plain page all the same
		r.pair("")
	}
	switch {
	case e.Peer != "" && e.Peer != r.session,
		slices.Contains(r.retired, e.Session),
		e.Session == "" && r.pairing == nil,
		e.Session == "" && r.pairing.session != nil && r.pairing.other != "":
		r.trace(MessageStale, "")
		return
	case len(e.Session) > 64:
		r.trace(MessageRefused, "its session is longer than 64 characters")
		return
	}
	if r.pairing == nil || r.pairing.other != e.Session {
		if r.pairing != nil {
			r.retire(r.pairing.other)
			r.end("the other side began a new session")
		}
		r.pair(e.Session)
	}
	switch {
	case r.pairing == nil:
	case e.Hello != nil:
		r.hello(*e.Hello)
	case e.Bye:
		r.retire(e.Session)
		r.end("the other side left")
	case e.Request == signaling.RequestRestart:
		r.pairing.recovery.requested()
	default:
		r.pairing.received(e)
	}
}

func (r *remote) hello(h signaling.Hello) {
	if ours := negotiation.Source(); h.Source == ours {
		r.trace(SourceSame, ours[:8])
	} else {
		theirs := h.Source[:min(8, len(h.Source))]
		r.trace(SourceDiffers, fmt.Sprintf("%s, here %s", theirs, ours[:8]))
	}
}

// pair begins a pairing with a session of the remote peer, "" for a plain page.
func (r *remote) pair(session string) {
	pairing, err := newPairing(r, session)
	if err != nil {
		r.trace(GivenUp, err.Error())
		return
	}
	r.pairing = pairing
	r.trace(Paired, r.id)
	if r.peer.connect {
		pairing.connect()
	}
}

// end ends the pairing, if there is one.
func (r *remote) end(why string) {
	if r.pairing == nil {
		return
	}
	r.pairing.close()
	r.pairing = nil
	r.trace(Unpaired, why)
}

// endIfGone ends the pairing, and forgets the peer, when neither the relay nor a
// connection reaches it.
func (r *remote) endIfGone() {
	if r.present || r.pairing != nil && r.pairing.connected {
		return
	}
	r.end("the other side is gone")
	r.trace(PeerGone, r.id)
	delete(r.peer.remotes, r.id)
}

// startOver replaces a connection that cannot go on.
func (r *remote) startOver(other string) {
	r.failed++
	if r.failed > maxStartingOver {
		r.trace(GivenUp, fmt.Sprintf("%d connections in a row failed; reload to try again", r.failed))
		return
	}
	r.trace(StartingOver, "")
	if other != "" {
		r.session = newSession()
		r.send(signaling.Envelope{Session: r.session, Hello: &signaling.Hello{Source: negotiation.Source(), Version: r.peer.config.Version}})
	}
	r.pair(other)
}

// sessionEnded is called when the Session of a pairing has ended.
func (r *remote) sessionEnded(p *pairing, err error) {
	if r.pairing != p {
		return
	}
	r.end("")
	if errors.Is(err, negotiation.ErrWedged) && r.present {
		r.startOver(p.other)
		return
	}
	r.endIfGone()
}

func (r *remote) retire(session string) {
	if session == "" {
		return
	}
	r.retired = append(r.retired, session)
	if len(r.retired) > maxRetired {
		r.retired = r.retired[1:]
	}
}

func (r *remote) send(e signaling.Envelope) {
	e.To = r.id
	if err := r.peer.client.Send(e); err != nil {
		r.trace(MessageLost, err.Error())
	}
}

func (r *remote) trace(kind negotiation.Kind, detail string) {
	role := "impolite"
	if r.polite {
		role = "polite"
	}
	r.peer.config.Trace(negotiation.Event{Time: time.Now(), Peer: r.id, Role: role, Kind: kind, Detail: detail})
}

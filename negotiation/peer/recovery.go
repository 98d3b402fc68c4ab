package peer

import (
	"time"

	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation/signaling"
	"perfect-negotiation/negotiation/signaling/wire"
	"perfect-negotiation/negotiation/trace"
)

const (
	disconnectedFor = 3 * time.Second // delay before the first restart; the connection often recovers by itself
	restartFor      = 5 * time.Second // delay before the next restart, doubled each time
	maxRestarts     = 3               // restarts before a new connection
	restartsApart   = time.Second     // between restarts requested by the other side
	restartsAhead   = 5               // burst of such restarts
)

// recovery restores a lost connection: it restarts ICE a few times, then makes a new
// connection. Both sides notice the loss. If both have sessions, the impolite peer
// restarts and the polite one asks it to, because a colliding restart costs a polite
// native peer its network path.
type recovery struct {
	p         *pairing
	restarts  int
	timer     timer     // not set: all is well
	recovered time.Time // when it was last restored
	wanted    bool      // restart as soon as the other side can be reached
	asked     allowance // for restarts that the other side requests
	owed      bool      // the last restart has no answer yet
	watch     timer     // set: a restart has just begun
}

// stateChanged is called with each state of the connection.
func (r *recovery) stateChanged(state webrtc.PeerConnectionState) {
	switch state {
	case webrtc.PeerConnectionStateConnected:
		if r.timer.isSet() {
			r.recovered = time.Now()
		}
		r.timer.stop()
		r.restarts = 0
	case webrtc.PeerConnectionStateDisconnected:
		if !r.timer.isSet() {
			r.after(disconnectedFor)
		}
	case webrtc.PeerConnectionStateFailed:
		if !r.timer.isSet() || r.restarts == 0 {
			r.after(0)
		}
	}
}

// after tries again after d.
func (r *recovery) after(d time.Duration) {
	r.timer.set(r.p.remote.peer, d, func() { r.attempt("") })
}

func (r *recovery) attempt(why trace.Code) {
	remote := r.p.remote
	switch {
	case remote.pairing != r.p:
		return
	case !remote.reachable():
		r.after(disconnectedFor) // try again later
		return
	case r.restarts == maxRestarts, remote.plain && r.owed && r.restarts > 0: // further offers would remain unanswered, too
		remote.tell(trace.Event{Kind: trace.RestartsFailed})
		remote.startOver(trace.RestartsInVain, nil)
		return
	}
	r.after(restartFor << r.restarts)
	r.restarts++
	r.restart(why)
}

// now restarts ICE whatever the state of the connection. If the connection is
// lost, this is the next attempt.
func (r *recovery) now(why trace.Code) {
	if r.timer.isSet() {
		r.attempt(why)
	} else {
		r.restart(why)
	}
}

// restart waits until the other side can be reached: pion leaves the current path
// as soon as it makes the offer.
func (r *recovery) restart(why trace.Code) {
	remote := r.p.remote
	r.wanted = !remote.reachable()
	switch {
	case r.wanted:
	case remote.plain || !remote.polite:
		remote.tell(trace.Event{Kind: trace.Restarting, Code: why, Detail: why.Words()})
		r.p.session.RestartICE()
		r.owed = true
		r.watch.set(remote.peer, restartFor, r.watched)
	default:
		remote.tell(trace.Event{Kind: trace.RestartAsked, Code: why, Detail: why.Words()})
		remote.send(signaling.Envelope{Request: wire.RequestRestart})
	}
}

// met is called when the other side can be reached again.
func (r *recovery) met() {
	if r.wanted {
		r.now("")
	}
}

// requested is called when the other side asks for a restart.
func (r *recovery) requested() {
	switch {
	case r.p.remote.polite: // the impolite peer does not ask
	case r.restarts > 0: // a restart is under way
	case time.Since(r.recovered) < restartFor: // it was asked for before the recovery
	case r.asked.grant(r.p.remote.peer, r.requested):
		r.now(trace.OtherAsks)
	}
}

// answered is called when an exchange has completed.
func (r *recovery) answered() { r.owed = false }

// watched checks the result of a restart: not every peer can restart, and pion has
// left the previous path by then.
func (r *recovery) watched() {
	remote := r.p.remote
	switch {
	case remote.pairing != r.p, r.timer.isSet(), !r.owed && r.p.connected:
	case !remote.reachable():
		r.watch.set(remote.peer, restartFor, r.watched)
	case r.owed:
		remote.tell(trace.Event{Kind: trace.RestartLate, Code: trace.NoAnswer, Detail: trace.NoAnswer.Words()})
		r.attempt("")
	default:
		r.attempt("")
	}
}

// ignored is called when the answer to a restart has the old credentials: no later
// answer would help, and the path is lost.
func (r *recovery) ignored() {
	if r.p.remote.pairing == r.p {
		r.p.remote.startOver(trace.RestartsInVain, nil)
	}
}

func (r *recovery) stop() {
	r.timer.stop()
	r.watch.stop()
	r.asked.stop()
}

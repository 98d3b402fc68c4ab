package peer

import (
	"time"

	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation/signaling"
)

const (
	disconnectedFor = 3 * time.Second // before ICE is restarted; it often comes back by itself
	restartFor      = 5 * time.Second // before the next restart, and twice as long each time
	maxRestarts     = 3               // before a new connection
)

// recovery brings a connection back that was there and is not any more: it
// restarts ICE, a few times, and makes a new connection when that does not help.
// Both sides notice; of two that speak sessions the impolite one restarts, and
// the polite one asks it to, because a restart that collides costs a polite
// native peer the network that it has.
type recovery struct {
	p        *pairing
	restarts int
	timer    *time.Timer // nil: all is well
}

// stateChanged is told of each state of the connection.
func (r *recovery) stateChanged(state webrtc.PeerConnectionState) {
	switch state {
	case webrtc.PeerConnectionStateConnected:
		r.stop()
		r.restarts = 0
	case webrtc.PeerConnectionStateDisconnected:
		if r.timer == nil {
			r.after(disconnectedFor)
		}
	case webrtc.PeerConnectionStateFailed:
		if r.timer == nil || r.restarts == 0 {
			r.after(0)
		}
	}
}

func (r *recovery) stop() {
	if r.timer != nil {
		r.timer.Stop()
		r.timer = nil
	}
}

// after tries again in some time.
func (r *recovery) after(d time.Duration) {
	r.stop()
	var timer *time.Timer
	timer = time.AfterFunc(d, func() {
		r.p.remote.peer.enqueue(func() {
			if r.timer == timer {
				r.attempt()
			}
		})
	})
	r.timer = timer
}

func (r *recovery) attempt() {
	remote := r.p.remote
	switch {
	case remote.pairing != r.p:
		r.timer = nil
		return
	case !remote.reachable():
		r.after(disconnectedFor) // when it is
		return
	}
	if r.restarts == maxRestarts {
		r.timer = nil
		remote.trace(RestartsFailed, "")
		remote.startOver()
		return
	}
	r.after(restartFor << r.restarts)
	r.restarts++
	switch {
	case remote.rank == nil || !remote.polite:
		remote.trace(Restarting, "")
		r.p.session.RestartICE()
	default:
		remote.trace(RestartAsked, "")
		remote.send(signaling.Envelope{Request: signaling.RequestRestart})
	}
}

// requested is called when the other side asks for a restart.
func (r *recovery) requested() {
	if r.p.remote.polite || r.timer != nil && r.restarts > 0 {
		return // it is under way, or nobody of ours would ask
	}
	r.p.remote.trace(Restarting, "the other side asks for it")
	r.p.session.RestartICE()
}

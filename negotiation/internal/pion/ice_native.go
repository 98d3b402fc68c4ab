//go:build !js

package pion

import (
	"time"

	"github.com/pion/webrtc/v4"
)

// startTimeout bounds the wait for ICE to start, which does not depend on the
// network.
const startTimeout = 5 * time.Second

// awaitICE waits until the first exchange has started ICE, which pion does on a
// goroutine of its own. Until then pion takes the next description for an ICE restart
// (icetransport.go:452), and the two peers never connect. No event signals the start,
// so poll.
func (p *Connection) awaitICE() {
	if p.started || p.pc.CurrentRemoteDescription() == nil {
		return
	}
	timeout := time.NewTimer(startTimeout)
	defer timeout.Stop()
	again := time.NewTicker(time.Millisecond)
	defer again.Stop()
	for p.pc.SignalingState() != webrtc.SignalingStateClosed {
		remote, err := p.pc.SCTP().Transport().ICETransport().GetRemoteParameters()
		if p.started = err == nil && remote.UsernameFragment != ""; p.started {
			return
		}
		select {
		case <-again.C:
		case <-p.stop:
			return
		case <-timeout.C:
			return
		}
	}
}

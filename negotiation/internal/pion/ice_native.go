//go:build !js

package pion

import (
	"time"

	"github.com/pion/webrtc/v4"
)

// startTimeout bounds the wait for ICE to start, which takes no network.
const startTimeout = 5 * time.Second

// awaitICE waits until the first exchange has started ICE, which pion does on a
// goroutine of its own. Before, the next description looks like an ICE restart
// to it (icetransport.go:452), and the two never connect. No event tells of it.
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

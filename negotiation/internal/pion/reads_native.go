//go:build !js

package pion

import (
	"slices"
	"time"

	"github.com/pion/webrtc/v4"
)

// EndReads ends all reads of the tracks of r, which was stopped. It does nothing if r
// is nil.
//
// If media arrive before the answer that describes them, two goroutines wait for the
// next packet: pion's own, which looks for the section (pc:2188), and the reader of
// the track (pc:1686), later the application. Closing a stream wakes one of them
// (srtp v3.1.3, stream_srtp.go:373); a deadline wakes both.
func EndReads(r *webrtc.RTPReceiver) {
	if r == nil || r.Receive(webrtc.RTPReceiveParameters{}) == nil {
		return // r was never started: without a stream pion would panic (rtpreceiver.go:789)
	}
	for _, t := range r.Tracks() {
		if t.SSRC() != 0 { // otherwise a simulcast layer that never came, which would panic too
			_ = t.SetReadDeadline(time.Now()) // the only error is an unknown track
		}
	}
}

// endReads ends the reads of the receivers that pion has stopped and replaced since
// they were listed (pc:1838). They are no longer reachable through pion.
func (p *Connection) endReads(listed []*webrtc.RTPReceiver) {
	now := p.pc.GetReceivers()
	for _, r := range listed {
		if !slices.Contains(now, r) {
			EndReads(r)
		}
	}
}

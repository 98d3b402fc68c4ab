//go:build !js

package pion

import (
	"slices"
	"time"

	"github.com/pion/webrtc/v4"
)

// EndReads ends all reads of the tracks of r, which was stopped; nil: there is no receiver.
//
// Where media come before the answer that tells of them two goroutines of pion wait for
// the next packet: one looks for the section (pc:2188), the other reads the track
// (pc:1686), as the application does later. A stream that closes wakes one of them
// (srtp v3.1.3, stream_srtp.go:373), a deadline wakes both.
func EndReads(r *webrtc.RTPReceiver) {
	if r == nil || r.Receive(webrtc.RTPReceiveParameters{}) == nil {
		return // it had not begun: pion would panic for want of a stream (rtpreceiver.go:789)
	}
	for _, t := range r.Tracks() {
		if t.SSRC() != 0 { // else a layer of simulcast that never came: the same
			_ = t.SetReadDeadline(time.Now()) // an error is one of a track that is unknown
		}
	}
}

// endReads ends the reads of those receivers that pion has stopped and replaced since
// they were listed (pc:1838). It shows them nowhere any more.
func (p *Connection) endReads(listed []*webrtc.RTPReceiver) {
	now := p.pc.GetReceivers()
	for _, r := range listed {
		if !slices.Contains(now, r) {
			EndReads(r)
		}
	}
}

//go:build !js

package peer

import (
	"time"

	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation/trace"
)

// closingFor is how long a connection may take to close once its data channels are.
const closingFor = 2 * time.Second

// watchData watches the transport of data channels. pion (datachannel v1.6.3) accepts
// no more channels after a message on a stream that was not opened as one, such as an
// empty message of a stack that takes a closed channel for open. The connection state
// remains connected.
func (p *pairing) watchData() {
	peer := p.remote.peer
	p.pc.SCTP().OnClose(func(err error) {
		peer.enqueue(func() {
			switch {
			case p.remote.pairing != p:
			case err != nil:
				p.deaf(err)
			default: // the other side may be closing the connection
				p.silence.set(peer, closingFor, func() { p.deaf(nil) })
			}
		})
	})
}

func (p *pairing) deaf(err error) {
	if p.remote.pairing == p && p.pc.ConnectionState() == webrtc.PeerConnectionStateConnected {
		p.remote.startOver(trace.DataEnded, err)
	}
}

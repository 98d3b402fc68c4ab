//go:build !js

package peer

import (
	"time"

	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation/trace"
)

// closingFor is how long a connection may take to close once its data channels are.
const closingFor = 2 * time.Second

// watchData looks after what carries data channels. pion (datachannel v1.6.3) takes no more
// of them once a message came on a stream that none has opened, as an empty one of a stack
// that thinks a channel is still there; and the state of the connection stays connected.
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

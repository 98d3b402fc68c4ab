package peer

import (
	"time"

	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation/trace"
)

// closingFor is how long a connection may take to close once its data channels are.
const closingFor = 2 * time.Second

// dataEnded is called when nothing carries data channels any more, although the connection
// state remains connected: because of err, or because the other side is closing the
// connection.
func (p *pairing) dataEnded(err error) {
	switch {
	case p.remote.pairing != p:
	case err != nil:
		p.deaf(err)
	default:
		p.silence.set(p.remote.peer, closingFor, func() { p.deaf(nil) })
	}
}

func (p *pairing) deaf(err error) {
	if p.remote.pairing == p && p.pc.ConnectionState() == webrtc.PeerConnectionStateConnected {
		p.remote.startOver(trace.DataEnded, err)
	}
}

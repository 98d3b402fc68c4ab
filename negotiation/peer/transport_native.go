//go:build !js

package peer

// watchTransport watches the transport of data channels. pion (datachannel v1.6.3) accepts
// no more channels after a message on a stream that was not opened as one, such as an
// empty message of a stack that takes a closed channel for open. If the other side ends
// DTLS, pion closes the connection.
func (p *pairing) watchTransport() {
	if p.unwatch != nil {
		return
	}
	p.unwatch = func() {}
	p.pc.SCTP().OnClose(func(err error) {
		p.remote.peer.enqueue(func() { p.dataEnded(err) })
	})
}

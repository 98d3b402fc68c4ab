// Package call is negotiation.Attach over signalling that may lose, repeat, delay and
// reorder what it carries: a message queue, datagrams, HTTP requests, a relay that is
// restarted. It is for two peers that know how to reach each other; package peer is for
// rooms of them.
//
//	c, err := call.New(negotiation.Polite, connect, publish)
//	if err != nil {
//		return err
//	}
//	defer c.Close()
//	for frame := range incoming {
//		c.Receive(frame)
//	}
//
// connect makes a PeerConnection with its handlers, tracks and channels. It is called
// once the other side is there, so that the first offer is not made in vain, and again
// when the other side has restarted, or when package recovery says that only a new
// connection helps. publish sends a frame on its way; nobody need know whether it
// arrives.
//
// # What it adds
//
// Package link numbers messages, sends again what is not acknowledged, and binds each
// connection to one of the other side: what is left over from an earlier one is dropped.
// Package recovery restores the connection when the network changes. The frames are the
// envelopes of package wire, without to and from, so that a [Call] understands a peer of
// package peer that is alone with it in a room.
//
// # What signalling must do
//
// It carries frames of up to 64 KB between two parties, and no others: whoever can send
// frames can end the call, and whoever can read them can join it. What it loses costs
// half a second at first, up to 15 s if nothing gets through for long; one that loses
// nothing costs nothing. A frame that is late by hours is dropped, not misunderstood.
package call

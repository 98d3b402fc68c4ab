//go:build !js

package peer

import (
	"errors"

	"github.com/pion/interceptor"
	"github.com/pion/logging"
	"github.com/pion/transport/v5"
	"github.com/pion/transport/v5/stdnet"
	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation"
)

// LiveNetwork returns the network of this machine with its current interfaces at
// any time, for [webrtc.SettingEngine.SetNet]. pion lists the addresses only
// once, so that an ICE restart does not find newer ones.
func LiveNetwork() (transport.Net, error) {
	now, err := stdnet.NewNet()
	return liveNetwork{now}, err
}

type liveNetwork struct{ *stdnet.Net }

// Interfaces implements [transport.Net].
func (liveNetwork) Interfaces() ([]*transport.Interface, error) {
	now, err := stdnet.NewNet()
	if err != nil {
		return nil, err
	}
	return now.Interfaces()
}

// NewPeerConnection returns a connection over LiveNetwork that also uses the
// loopback interface, so that it reaches a tab on a machine without a network.
// pion's log goes to standard error, see [trace.Paced].
func NewPeerConnection(c webrtc.Configuration) (*webrtc.PeerConnection, error) {
	return newPeerConnection(c, nil, negotiation.NewGuard(negotiation.CandidateRules{Loopback: true}), nil, nil)
}

// guarded returns the connection of a pairing, and what Attach is to know of it.
func guarded(c webrtc.Configuration, rules negotiation.CandidateRules, turn *turnDialer) (*webrtc.PeerConnection, negotiation.Option, error) {
	guard, payloads := negotiation.NewGuard(rules), &negotiation.PayloadTypes{}
	pc, err := newPeerConnection(c, nil, guard, payloads, turn)
	return pc, func(s *negotiation.Session) {
		negotiation.WithGuard(guard)(s)
		negotiation.WithPayloadTypes(payloads)(s)
	}, err
}

// newPeerConnection returns a connection; payloads is nil if no Session will know of it,
// and turn if pion connects to TURN servers by itself.
func newPeerConnection(c webrtc.Configuration, log logging.LoggerFactory, guard *negotiation.Guard, payloads *negotiation.PayloadTypes, turn *turnDialer) (*webrtc.PeerConnection, error) {
	network, err := LiveNetwork()
	if err != nil {
		return nil, err
	}
	engine := webrtc.SettingEngine{LoggerFactory: log}
	engine.SetNet(network)
	engine.SetIncludeLoopbackCandidate(guard.Candidates().Loopback)
	guard.Protect(&engine)
	if turn != nil {
		engine.SetICEProxyDialer(turn)
	}
	media := &webrtc.MediaEngine{}
	if err := errors.Join(media.RegisterDefaultCodecs(), negotiation.NumberExtensions(media)); err != nil {
		return nil, err
	}
	interceptors := &interceptor.Registry{}
	if payloads != nil {
		interceptors.Add(payloads)
	}
	if err := webrtc.RegisterDefaultInterceptorsWithOptions(media, interceptors, webrtc.WithInterceptorLoggerFactory(engine.LoggerFactory)); err != nil {
		return nil, err
	}
	api := webrtc.NewAPI(webrtc.WithSettingEngine(engine), webrtc.WithMediaEngine(media), webrtc.WithInterceptorRegistry(interceptors))
	return api.NewPeerConnection(c)
}

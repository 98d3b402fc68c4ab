//go:build !js

package negotiation

import (
	"github.com/pion/interceptor"

	"perfect-negotiation/negotiation/internal/pion"
)

// PayloadTypes has one native PeerConnection send with the payload types that the other
// side has given each media section, also when it changes them. pion has one for each
// codec. Add it before all other interceptors, and make one for each connection:
//
//	payloads := &negotiation.PayloadTypes{}
//	registry := &interceptor.Registry{}
//	registry.Add(payloads)
//	err := webrtc.RegisterDefaultInterceptorsWithOptions(media, registry, webrtc.WithInterceptorLoggerFactory(engine.LoggerFactory))
//	api := webrtc.NewAPI(webrtc.WithSettingEngine(engine), webrtc.WithMediaEngine(media), webrtc.WithInterceptorRegistry(registry))
//	pc, err := api.NewPeerConnection(config)
//	session, err := negotiation.Attach(pc, role, send, negotiation.WithPayloadTypes(payloads))
//
// Without it nothing is sent under a payload type that the section does not have: such
// a track is not started ([trace.SendFailed]), and a section whose payload types change
// while it is sent is rejected ([trace.PayloadRenumbered]). Browsers do neither.
//
// A track whose section no longer has its codec is bound again, to the codecs that the
// section has. If it can be sent with none of these, which [trace.SendFailed] reports with
// [trace.NoCommonCodec], its packets are dropped until the section has its codec again.
// Without PayloadTypes, its sender loses it.
// https://www.rfc-editor.org/rfc/rfc3264#section-8.3.2
type PayloadTypes struct{ numbers pion.Numbers }

// NewInterceptor implements [interceptor.Factory]. It fails for a second connection.
func (p *PayloadTypes) NewInterceptor(id string) (interceptor.Interceptor, error) {
	return p.numbers.NewInterceptor(id)
}

// WithPayloadTypes connects the Session with the PayloadTypes of its PeerConnection. It
// does nothing if no connection was made with them.
func WithPayloadTypes(p *PayloadTypes) Option {
	return func(s *Session) {
		if p.numbers.InUse() {
			s.renumber = p.numbers.Renumber
		}
	}
}

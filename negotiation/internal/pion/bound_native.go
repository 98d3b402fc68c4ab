//go:build !js

package pion

import (
	"errors"
	"slices"
	"strings"

	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation/trace"
)

// pion binds a track to a codec of any section of its kind, and the track stays bound to
// it when its section no longer has that codec. So such a track is bound to the codecs of
// its section alone. One that cannot be sent with these is not sent.
// https://www.rfc-editor.org/rfc/rfc3264#section-8.3.2

// bound is a track that is bound to some of the codecs that pion knows.
type bound struct {
	webrtc.TrackLocal
	codecs []webrtc.RTPCodecParameters
}

// Bind implements [webrtc.TrackLocal].
func (b *bound) Bind(c webrtc.TrackLocalContext) (webrtc.RTPCodecParameters, error) {
	return b.TrackLocal.Bind(narrowed{c, b.codecs})
}

type narrowed struct {
	webrtc.TrackLocalContext
	codecs []webrtc.RTPCodecParameters
}

// CodecParameters implements [webrtc.TrackLocalContext].
func (n narrowed) CodecParameters() []webrtc.RTPCodecParameters { return n.codecs }

// given returns the track that the application has set.
func given(track webrtc.TrackLocal) webrtc.TrackLocal {
	if b, is := track.(*bound); is {
		return b.TrackLocal
	}
	return track
}

// mayUse reports whether a track may be bound to a codec.
func mayUse(track webrtc.TrackLocal, c webrtc.RTPCodecParameters) bool {
	static, known := given(track).(interface {
		Codec() webrtc.RTPCodecCapability
	})
	return !known || strings.EqualFold(static.Codec().MimeType, c.MimeType)
}

// has reports whether the section has a codec that pion knows.
func (p preference) has(c webrtc.RTPCodecParameters) bool {
	return p.numbering == nil || c.PayloadType >= plain || p.numbering[c.PayloadType] != none
}

// loses reports whether a track may be bound to a codec that its section does not have.
func (p preference) loses(track webrtc.TrackLocal) bool {
	codecs := p.all
	if b, is := track.(*bound); is {
		codecs = b.codecs
	}
	return slices.ContainsFunc(codecs, func(c webrtc.RTPCodecParameters) bool {
		_, repairs := repaired(c)
		return !repairs && !p.has(c) && mayUse(track, c)
	})
}

// bind has the track of a transceiver be bound to the codecs of its section, if it may be
// bound to others. A sender of several encodings keeps its tracks as they are.
func (p *Connection) bind(t *webrtc.RTPTransceiver) error {
	sender, of := t.Sender(), p.preferences[t]
	track := sender.Track()
	if track == nil || !of.loses(track) {
		return nil
	}
	codecs := slices.DeleteFunc(slices.Clone(of.all), func(c webrtc.RTPCodecParameters) bool { return !of.has(c) })
	return unsupported(sender.ReplaceTrack(&bound{given(track), codecs}))
}

// rebind does so while the track is being sent. If it fails, nothing is sent until the
// section has the track's codec again. Without PayloadTypes the sender loses the track.
func (p *Connection) rebind(t *webrtc.RTPTransceiver) error {
	err := p.bind(t)
	if err != nil && p.renumber == nil {
		return errors.Join(err, t.Sender().ReplaceTrack(nil))
	}
	return err
}

// unbind gives a sender that has not started the track of the application again.
func unbind(sender *webrtc.RTPSender) {
	if b, is := sender.Track().(*bound); is {
		_ = sender.ReplaceTrack(b.TrackLocal) // cannot fail: nothing is bound yet
	}
}

// unsupported gives pion's error about a codec its code.
func unsupported(err error) error {
	if errors.Is(err, webrtc.ErrUnsupportedCodec) {
		return trace.Because(trace.NoCommonCodec, err)
	}
	return err
}

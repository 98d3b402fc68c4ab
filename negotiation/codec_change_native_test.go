//go:build !js

package negotiation_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/pion/interceptor"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation"
	"perfect-negotiation/negotiation/trace"
)

// anyCodec is a track that can be sent with any codec: the first that it is bound to.
type anyCodec struct {
	webrtc.TrackLocal
	bound chan webrtc.TrackLocalWriter // holds one
	codec webrtc.RTPCodecParameters    // guarded by bound, like ssrc
	ssrc  webrtc.SSRC
}

func newAnyCodec(t *testing.T, id string) *anyCodec {
	t.Helper()
	track, err := webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeVP8}, id, "stream")
	if err != nil {
		t.Fatal(err)
	}
	// Without its method Codec.
	a := &anyCodec{TrackLocal: struct{ webrtc.TrackLocal }{track}, bound: make(chan webrtc.TrackLocalWriter, 1)}
	a.bound <- nil
	return a
}

func (a *anyCodec) Bind(c webrtc.TrackLocalContext) (webrtc.RTPCodecParameters, error) {
	<-a.bound
	a.codec, a.ssrc = c.CodecParameters()[0], c.SSRC()
	a.bound <- c.WriteStream()
	return a.codec, nil
}

func (a *anyCodec) Unbind(webrtc.TrackLocalContext) error {
	<-a.bound
	a.bound <- nil
	return nil
}

func (a *anyCodec) WriteRTP(p *rtp.Packet) error {
	to := <-a.bound
	defer func() { a.bound <- to }()
	if to == nil {
		return nil
	}
	header := p.Header
	header.PayloadType, header.SSRC = uint8(a.codec.PayloadType), uint32(a.ssrc)
	_, err := to.WriteRTP(&header, p.Payload)
	return err
}

// TestTheCodecOfASenderEnds has another stack offer two sections with VP8 and VP9, then with
// VP9 alone, and then with VP8 alone, while we send: a track that can only be VP8 is not sent meanwhile,
// which is said, and one that can be anything goes on with VP9.
// https://www.rfc-editor.org/rfc/rfc3264#section-8.3.2
func TestTheCodecOfASenderEnds(t *testing.T) {
	const VP8, VP9 = 96, 98
	for _, with := range []bool{true, false} {
		t.Run(fmt.Sprintf("with PayloadTypes %v", with), func(t *testing.T) {
			theirs := newStack(t)
			payloads, registry := &negotiation.PayloadTypes{}, &interceptor.Registry{}
			if with {
				registry.Add(payloads)
			}
			pc := newPeerConnectionFrom(t, registry)
			answers, told := make(chan string, 1), make(chan trace.Event, 16)
			s := attached(t, pc, answers, func(e trace.Event) {
				if e.Kind == trace.SendFailed {
					told <- e
				}
			}, negotiation.WithPayloadTypes(payloads))
			for range 2 {
				if _, err := theirs.pc.AddTransceiverFromKind(webrtc.RTPCodecTypeVideo); err != nil {
					t.Fatal(err)
				}
			}
			flexible := newAnyCodec(t, "any")
			var vp8 *webrtc.TrackLocalStaticRTP
			if err := s.Do(func() error {
				vp8 = tracks(t, pc, webrtc.MimeTypeVP8)[0]
				_, err := pc.AddTrack(flexible)
				return err
			}); err != nil {
				t.Fatal(err)
			}
			send(t, []rtpWriter{vp8, flexible})
			exchange := func(codecs numbers) {
				t.Helper()
				var list []webrtc.RTPCodecParameters
				for number, mime := range map[uint8]string{VP8: webrtc.MimeTypeVP8, VP9: webrtc.MimeTypeVP9} {
					if codecs[number] != 0 {
						list = append(list, webrtc.RTPCodecParameters{
							RTPCodecCapability: webrtc.RTPCodecCapability{MimeType: mime, ClockRate: 90000}, PayloadType: webrtc.PayloadType(number),
						})
					}
				}
				slices.SortFunc(list, func(a, b webrtc.RTPCodecParameters) int { return int(a.PayloadType) - int(b.PayloadType) })
				for _, transceiver := range theirs.pc.GetTransceivers() {
					if err := transceiver.SetCodecPreferences(list); err != nil {
						t.Fatal(err)
					}
				}
				offer := theirs.offer(codecs, codecs)
				if err := s.Receive(negotiation.Message{Description: &webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: offer}}); err != nil {
					t.Fatal(err)
				}
				theirs.answered(<-answers)
			}
			exchange(numbers{VP8: VP8, VP9: VP9})
			awaits(t, theirs.came, map[string]uint8{"track-0": VP8, "any": VP8})
			for range 2 { // the second changes nothing
				exchange(numbers{VP9: VP9})
				awaits(t, theirs.came, map[string]uint8{"any": VP9})
				for range 40 {
					if p := <-theirs.came; p.track != "any" {
						t.Fatalf("a packet of %s came with %d, which was not negotiated", p.track, p.number)
					}
				}
			}
			select {
			case e := <-told:
				if e.Code != trace.NoCommonCodec {
					t.Errorf("told %s (%s)", e, e.Code)
				}
			case <-time.After(10 * time.Second):
				t.Error("it does not say that a track is not sent")
			}
			exchange(numbers{VP8: VP8})
			right := map[string]uint8{"any": VP8}
			if with {
				right["track-0"] = VP8
			}
			awaits(t, theirs.came, right)
			select {
			case e := <-told:
				t.Errorf("told again: %s", e)
			default:
			}
		})
	}
}

//go:build !js

package negotiation

import (
	"slices"
	"testing"

	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation/internal/sdp"
)

// step does one thing that a row says, within Do.
func (p *party) step(verb, argument string) error {
	pc := p.pc
	sends := func(t *webrtc.RTPTransceiver) bool {
		return t.Sender() != nil && sdp.DirectionOf(t.Direction().String())&sdp.Sendonly != 0
	}
	first := func(is func(*webrtc.RTPTransceiver) bool) *webrtc.RTPTransceiver {
		all := pc.GetTransceivers()
		i := slices.IndexFunc(all, is)
		if i < 0 {
			p.t.Fatalf("%s: no transceiver for %s", p.name, verb)
		}
		return all[i]
	}
	switch verb {
	case "-":
	case "data":
		_, err := pc.CreateDataChannel("data", nil)
		return err
	case "audio", "video":
		return p.transceiver(webrtc.NewRTPCodecType(verb), argument)
	case "track":
		kind := webrtc.RTPCodecTypeAudio
		if argument != "" {
			kind = webrtc.NewRTPCodecType(argument)
		}
		_, err := pc.AddTrack(p.media.track(kind))
		return err
	case "remove":
		return pc.RemoveTrack(first(sends).Sender())
	case "replace":
		for _, t := range pc.GetTransceivers() {
			if sends(t) {
				if err := t.Sender().ReplaceTrack(p.media.track(t.Kind())); err != nil {
					return err
				}
			}
		}
	case "mute", "unmute":
		for _, t := range pc.GetTransceivers() {
			if !sends(t) {
				continue
			}
			var track webrtc.TrackLocal
			if verb == "unmute" {
				track = p.media.track(t.Kind())
			}
			if err := t.Sender().ReplaceTrack(track); err != nil {
				return err
			}
		}
	case "stop":
		return first(func(t *webrtc.RTPTransceiver) bool { return t.Direction() != webrtc.RTPTransceiverDirectionInactive }).Stop()
	case "restart":
		p.s.RestartICE()
	default:
		p.t.Fatalf("what is %q?", verb)
	}
	return nil
}

// transceiver adds one. pion makes none that is inactive at once.
func (p *party) transceiver(kind webrtc.RTPCodecType, direction string) error {
	init := webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendrecv}
	if direction != "" {
		init.Direction = webrtc.NewRTPTransceiverDirection(direction)
	}
	switch init.Direction {
	case webrtc.RTPTransceiverDirectionRecvonly:
		_, err := p.pc.AddTransceiverFromKind(kind, init)
		return err
	case webrtc.RTPTransceiverDirectionInactive:
		init.Direction = webrtc.RTPTransceiverDirectionSendonly
		t, err := p.pc.AddTransceiverFromTrack(p.media.track(kind), init)
		if err != nil {
			return err
		}
		return p.pc.RemoveTrack(t.Sender())
	}
	_, err := p.pc.AddTransceiverFromTrack(p.media.track(kind), init)
	return err
}

// TestTableWithBrowser is TestTable with a native side and one in a browser.
func TestTableWithBrowser(t *testing.T) {
	for _, browser := range []string{"polite", "impolite"} {
		t.Run("browser is "+browser, func(t *testing.T) {
			t.Parallel()
			rows := with(browser)
			withBrowser(t, "TestTableWithNative", browser, func(make func(*testing.T) *party) {
				r := rows[0]
				rows = rows[1:]
				t.Run(r.name, func(t *testing.T) {
					p := make(t)
					r.play(p)
					p.finish()
				})
			})
			if len(rows) > 0 {
				t.Errorf("%d rows were not played", len(rows))
			}
		})
	}
}

//go:build !js

package negotiation

import (
	"testing"

	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation/internal/pion"
	"perfect-negotiation/negotiation/internal/sdp"
)

func newTwin(s *schedule, name string) *twin {
	pc, err := webrtc.NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		s.t.Fatal(err)
	}
	m := &modelSubject{}
	m.pionModel = newPionModel(name, m)
	return &twin{schedule: s, name: name, real: &pionSubject{pion.New(pc, name == "p"), pc, s.t}, model: m}
}

// modelSubject is the model, alone in the world.
type modelSubject struct{ *pionModel }

func (*modelSubject) within(string) error { return nil }
func (*modelSubject) task()               {}
func (*modelSubject) needed()             {}
func (*modelSubject) gathered(string)     {}

func (m *modelSubject) list() []transceiver { return m.transceivers }
func (*modelSubject) settled() int          { return 0 } // package held does not listen to pion
func (*modelSubject) close()                {}

// pionSubject is pion.
type pionSubject struct {
	*pion.Connection
	pc *webrtc.PeerConnection
	t  *testing.T
}

func (p *pionSubject) settled() int { return 0 }

func (p *pionSubject) close() {
	if err := p.pc.Close(); err != nil {
		p.t.Error(err)
	}
}

func (p *pionSubject) list() []transceiver {
	var list []transceiver
	for _, t := range p.pc.GetTransceivers() {
		if t.Direction() == webrtc.RTPTransceiverDirectionInactive && t.Sender() != nil { // its track has moved
			continue
		}
		list = append(list, transceiver{kind: t.Kind().String(), mid: t.Mid(), dir: sdp.DirectionOf(t.Direction().String())})
	}
	return list
}

func (p *pionSubject) change(what string) {
	var err error
	switch what {
	case "channel":
		_, err = p.pc.CreateDataChannel("", nil)
	case "audio", "video":
		_, err = p.pc.AddTransceiverFromKind(webrtc.NewRTPCodecType(what))
	case "track":
		var track *webrtc.TrackLocalStaticSample
		if track, err = webrtc.NewTrackLocalStaticSample(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus}, "track", "stream"); err == nil {
			_, err = p.pc.AddTrack(track)
		}
	case "remove":
		for _, t := range p.pc.GetTransceivers() {
			if sdp.DirectionOf(t.Direction().String())&sdp.Sendonly != 0 && t.Sender() != nil {
				err = p.pc.RemoveTrack(t.Sender())
				break
			}
		}
	}
	if err != nil {
		p.t.Error(err)
	}
}

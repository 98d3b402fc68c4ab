//go:build !js

package peer

import (
	"github.com/pion/rtcp"
	"github.com/pion/webrtc/v4"
)

// Track is what can be sent. If it has a method RequestKeyFrame, that is called
// when the other side needs a key frame.
type Track = webrtc.TrackLocal

// RemoteTrack is a track that another peer sends.
type RemoteTrack struct {
	*webrtc.TrackRemote
	pc *webrtc.PeerConnection
}

// RequestKeyFrame asks for a key frame.
// https://www.rfc-editor.org/rfc/rfc4585#section-6.3.1
func (t RemoteTrack) RequestKeyFrame() error {
	return t.pc.WriteRTCP([]rtcp.Packet{&rtcp.PictureLossIndication{MediaSSRC: uint32(t.SSRC())}})
}

// Kind returns audio or video.
func (t RemoteTrack) Kind() string { return t.TrackRemote.Kind().String() }

// onTrack calls f for each track that comes.
func onTrack(pc *webrtc.PeerConnection, f func(RemoteTrack)) (detach func(), err error) {
	pc.OnTrack(func(t *webrtc.TrackRemote, _ *webrtc.RTPReceiver) { f(RemoteTrack{t, pc}) })
	return func() {}, nil
}

// use starts f, which uses a track until it ends.
func use(f func()) { go f() }

// sender sends one track after the other.
type sender struct {
	pc    *webrtc.PeerConnection
	rtp   *webrtc.RTPSender // nil: it sends nothing
	track Track
}

func newSender(pc *webrtc.PeerConnection) *sender { return &sender{pc: pc} }

func (s *sender) start(track Track) (err error) {
	switch {
	case s.rtp != nil && s.track == track:
		return nil
	case s.rtp != nil && s.track.Kind() == track.Kind():
		err = s.rtp.ReplaceTrack(track)
	default:
		if err := s.stop(); err != nil {
			return err
		}
		if s.rtp, err = s.pc.AddTrack(track); err == nil {
			go listenToReceiver(s.rtp)
		}
	}
	if err == nil {
		s.track = track
	}
	return err
}

func (s *sender) stop() error {
	if s.rtp == nil {
		return nil
	}
	rtp := s.rtp
	s.rtp, s.track = nil, nil
	return s.pc.RemoveTrack(rtp)
}

// listenToReceiver reads the receiver's reports until the sender stops. pion
// retransmits lost packets only while they are read.
func listenToReceiver(s *webrtc.RTPSender) {
	for {
		packets, _, err := s.ReadRTCP()
		if err != nil {
			return
		}
		for _, packet := range packets {
			switch packet.(type) {
			case *rtcp.PictureLossIndication, *rtcp.FullIntraRequest:
				if track, ok := s.Track().(interface{ RequestKeyFrame() }); ok {
					track.RequestKeyFrame()
				}
			}
		}
	}
}

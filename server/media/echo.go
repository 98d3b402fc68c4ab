package media

import (
	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation/peer"
)

// echoed is a track that another peer sends, on its way back.
type echoed struct {
	*webrtc.TrackLocalStaticRTP
	from peer.RemoteTrack
}

// RequestKeyFrame passes the request on.
func (e echoed) RequestKeyFrame() { _ = e.from.RequestKeyFrame() }

// Echo sends a track back to where it comes from, until it ends.
func Echo(p *peer.Peer, from string, track peer.RemoteTrack) error {
	local, err := webrtc.NewTrackLocalStaticRTP(track.Codec().RTPCodecCapability, "echo-"+track.ID(), "echo")
	if err != nil {
		return err
	}
	name := "echo of " + track.Kind() + " " + track.ID()
	p.Send(from, name, &echoed{local, track})
	defer p.Unsend(from, name)
	_ = track.RequestKeyFrame()
	for {
		packet, _, err := track.ReadRTP()
		if err != nil {
			return nil // it has ended
		}
		// An error is one of a connection that has gone.
		_ = local.WriteRTP(packet)
	}
}

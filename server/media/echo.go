package media

import (
	"sync"

	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation/peer"
)

// Echo sends tracks back to their senders. The zero value is ready for use, from any
// goroutine.
type Echo struct {
	mu  sync.Mutex
	now map[echoName]*echoed
}

type echoName struct{ to, name string }

// echoed is a received track on its way back.
type echoed struct {
	*webrtc.TrackLocalStaticRTP
	from peer.RemoteTrack
}

// RequestKeyFrame passes the request to the sender of the track.
func (t *echoed) RequestKeyFrame() { _ = t.from.RequestKeyFrame() }

// Play sends a track back until it ends.
func (e *Echo) Play(p *peer.Peer, from string, track peer.RemoteTrack) error {
	local, err := webrtc.NewTrackLocalStaticRTP(track.Codec().RTPCodecCapability, "echo-"+track.ID(), "echo")
	if err != nil {
		return err
	}
	name := echoName{from, "echo of " + track.Kind() + " " + track.ID()}
	back := &echoed{local, track}
	e.begin(p, name, back)
	defer e.end(p, name, back)
	_ = track.RequestKeyFrame()
	for {
		packet, _, err := track.ReadRTP()
		if err != nil {
			return nil // it has ended
		}
		// Errors come only from connections that are gone.
		_ = local.WriteRTP(bare(packet))
	}
}

func (e *Echo) begin(p *peer.Peer, name echoName, track *echoed) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.now == nil {
		e.now = map[echoName]*echoed{}
	}
	e.now[name] = track
	p.Publish(name.to, name.name, track)
}

// end stops sending a track, unless another one has replaced it.
func (e *Echo) end(p *peer.Peer, name echoName, track *echoed) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.now[name] == track {
		delete(e.now, name)
		p.Unpublish(name.to, name.name)
	}
}

// bare removes the header extensions: their ids were negotiated for the other
// direction, and one of them names the section of the received packet.
// https://www.rfc-editor.org/rfc/rfc8843#section-9.2
func bare(packet *rtp.Packet) *rtp.Packet {
	packet.Extension, packet.ExtensionProfile, packet.Extensions = false, 0, nil
	return packet
}

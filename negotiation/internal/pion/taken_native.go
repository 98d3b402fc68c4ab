//go:build !js

package pion

import (
	"slices"

	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation/internal/sdp"
)

// A new section of a remote offer takes a transceiver that AddTrack made and that has no
// section yet, if the other side receives there. It never takes one that AddTransceiver
// made. pion looks at the direction alone, and passes over transceivers that have a mid,
// although the offer that assigned the mid may have been dropped. So we choose. pion
// cannot change a mid: it creates another transceiver, and the sender moves there.
// https://www.rfc-editor.org/rfc/rfc8829#section-5.10

// take assigns transceivers to the new sections of an offer, by mid.
func (l *look) take(all []*webrtc.RTPTransceiver) map[string]*webrtc.RTPTransceiver {
	taken := map[string]*webrtc.RTPTransceiver{}
	free := slices.DeleteFunc(slices.Clone(all), func(t *webrtc.RTPTransceiver) bool { return !l.pion.free(t) })
	for i, s := range l.sections {
		if !sdp.IsMedia(s.Kind) || l.parts[i].hidden || l.transceivers[s.Mid] != nil || s.Direction&sdp.Recvonly == 0 {
			continue
		}
		j := slices.IndexFunc(free, func(t *webrtc.RTPTransceiver) bool {
			return t.Kind().String() == s.Kind && l.fits(t, l.parts[i].formats)
		})
		if j >= 0 {
			taken[s.Mid] = free[j]
			free = slices.Delete(free, j, j+1)
		}
	}
	return taken
}

// free reports whether a section of a remote offer may take t.
func (p *Connection) free(t *webrtc.RTPTransceiver) bool {
	return byTrack(t) && !p.gone[t] && (t.Mid() == "" || !p.ordered(t.Mid())) && !slices.Contains(p.senders.started, t.Sender())
}

// byTrack reports whether AddTrack made t, as far as can be seen: t sends and receives,
// and has a track of the application. AddTransceiverFromTrack creates the same.
func byTrack(t *webrtc.RTPTransceiver) bool {
	sender := t.Sender()
	return sender != nil && t.Direction() == webrtc.RTPTransceiverDirectionSendrecv && sender.Track() != nil && !standsIn(given(sender.Track()))
}

// standsIn reports whether a track is one that AddTransceiverFromKind creates.
func standsIn(track webrtc.TrackLocal) bool {
	random := func(id string) bool {
		return len(id) == 16 && !slices.ContainsFunc([]byte(id), func(b byte) bool { return b < 'A' || 'Z' < b && b < 'a' || 'z' < b })
	}
	_, is := track.(*webrtc.TrackLocalStaticSample)
	return is && random(track.ID()) && random(track.StreamID())
}

// associate has pion use the transceivers that are taken, and no others, for new
// sections.
func (to *plan) associate() error {
	for mid, t := range to.taken {
		if t.Mid() == "" {
			if err := t.SetMid(mid); err != nil {
				return err
			}
		}
	}
	return to.pion.NameSections()
}

// move moves the senders of transceivers that already have another mid to the ones that
// pion created for the sections. The transceivers left behind have ended.
func (to *plan) move() error {
	for mid, from := range to.taken {
		if from.Mid() == mid {
			continue
		}
		if err := to.pion.moveSender(from, to.pion.transceiver(mid)); err != nil {
			return err
		}
		if err := to.pion.end(from); err != nil {
			return err
		}
	}
	return nil
}

// moveSender moves a sender to a transceiver that only receives. SetSender changes the
// direction, but refuses a sender with several encodings, so a placeholder goes first. A
// placeholder without a track stays behind, so that AddTrack does not use that transceiver.
func (p *Connection) moveSender(from, to *webrtc.RTPTransceiver) error {
	sender := from.Sender()
	first, err := newStandIn(from.Kind(), p.pc.SCTP().Transport())
	if err != nil {
		return err
	}
	last, err := newStandIn(from.Kind(), p.pc.SCTP().Transport())
	if err != nil {
		return err
	}
	if err := to.SetSender(first, first.Track()); err != nil {
		return err
	}
	if err := swap(from, last); err != nil {
		return err
	}
	if err := last.ReplaceTrack(nil); err != nil {
		return err
	}
	return swap(to, sender)
}

//go:build !js

package pion

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation/internal/sdp"
)

// senders keeps pion from sending what was not negotiated, and from failing on what
// cannot be sent. CreateOffer marks all senders as negotiated (pc:3222), and the next
// exchange starts all marked ones (pc:1925), even those of a dropped offer or of a
// section where the other side does not receive. A pion at the other end may make a
// transceiver for such packets (pc:2092). If a sender cannot start because it has no
// track, or no codec that the other side has, pion stops halfway through the
// exchange. So pion starts none: this type does.
type senders struct {
	made    []*webrtc.RTPSender // covered by the last offer or answer created here
	started []*webrtc.RTPSender
	nobody  *webrtc.RTPSender // placeholder for those that have not started

	silent map[*webrtc.RTPSender]bool // started, but their section has no codec for their track
}

func sendersOf(list []*webrtc.RTPTransceiver) []*webrtc.RTPSender {
	var all []*webrtc.RTPSender
	for _, t := range list {
		if s := t.Sender(); s != nil {
			all = append(all, s)
		}
	}
	return all
}

// adopt is called with the remote sections of a connection that has negotiated
// before: the senders of sections where the other side receives have started.
func (s *senders) adopt(list []*webrtc.RTPTransceiver, theirs []sdp.Section) {
	for _, t := range list {
		if sender := t.Sender(); sender != nil && receives(theirs, t.Mid()) {
			s.started = append(s.started, sender)
		}
	}
}

// exchange calls set, which ends an offer/answer exchange, and starts no sender.
func (s *senders) exchange(pc *webrtc.PeerConnection, set func() error) error {
	back, err := s.park(pc)
	if err != nil {
		return err
	}
	return errors.Join(set(), back())
}

// start is called after an exchange. It starts the senders covered by the last local
// description in sections where the other side receives, and has those that have started
// use the codecs and payload types of their sections. A sender without a track, or with one
// that cannot be sent, may start after a later exchange; p.unsent is called for the latter.
func (p *Connection) start(theirs []sdp.Section) {
	pc, s := p.pc, &p.senders
	if pc.SignalingState() == webrtc.SignalingStateClosed {
		return
	}
	gone := func(x *webrtc.RTPSender) bool { return !slices.Contains(pc.GetSenders(), x) }
	s.started = slices.DeleteFunc(s.started, gone)
	maps.DeleteFunc(s.silent, func(x *webrtc.RTPSender, _ bool) bool { return gone(x) })
	for _, t := range pc.GetTransceivers() {
		sender := t.Sender()
		if sender == nil {
			continue
		}
		err := p.number(t)
		running := slices.Contains(s.started, sender)
		switch {
		case running:
			err = s.once(sender, p.rebind(t))
		case !slices.Contains(s.made, sender), sender.Track() == nil,
			sdp.DirectionOf(t.Direction().String())&sdp.Sendonly == 0, !receives(theirs, t.Mid()):
			continue
		case err == nil:
			err = p.send(t)
		}
		if err != nil {
			p.unsent(fmt.Errorf("media section %q: %w", t.Mid(), err))
		} else if !running {
			s.started = append(s.started, sender)
		}
	}
}

// send starts the sender of a transceiver.
func (p *Connection) send(t *webrtc.RTPTransceiver) error {
	sender := t.Sender()
	_ = p.bind(t) // cannot fail for a single encoding: nothing is bound yet
	err := sender.Send(sender.GetParameters())
	if err != nil {
		unbind(sender)
	}
	return unsupported(err)
}

// once returns err if the sender could be heard before.
func (s *senders) once(sender *webrtc.RTPSender, err error) error {
	before := s.silent[sender]
	switch {
	case err == nil:
		delete(s.silent, sender)
	case s.silent == nil:
		s.silent = map[*webrtc.RTPSender]bool{sender: true}
	default:
		s.silent[sender] = true
	}
	if before {
		return nil
	}
	return err
}

// park swaps the senders that have not started for a placeholder; back puts them
// back. If the connection closes meanwhile, back stops them, since pion stops only
// those it sees.
func (s *senders) park(pc *webrtc.PeerConnection) (back func() error, err error) {
	parked := map[*webrtc.RTPTransceiver]*webrtc.RTPSender{}
	back = func() (err error) {
		for t, sender := range parked {
			err = errors.Join(err, swap(t, sender))
			if pc.SignalingState() == webrtc.SignalingStateClosed {
				err = errors.Join(err, sender.Stop())
			}
		}
		return err
	}
	for _, t := range pc.GetTransceivers() {
		sender := t.Sender()
		if sender == nil || slices.Contains(s.started, sender) {
			continue
		}
		if s.nobody == nil {
			if s.nobody, err = newNobody(pc.SCTP().Transport()); err != nil {
				return nil, err
			}
		}
		parked[t] = sender
		if err := swap(t, s.nobody); err != nil {
			return nil, errors.Join(err, back())
		}
	}
	return back, nil
}

// newNobody returns a placeholder sender, which is never negotiated.
func newNobody(transport *webrtc.DTLSTransport) (*webrtc.RTPSender, error) {
	return newStandIn(webrtc.RTPCodecTypeAudio, transport)
}

// newStandIn returns a placeholder sender of this kind.
func newStandIn(kind webrtc.RTPCodecType, transport *webrtc.DTLSTransport) (*webrtc.RTPSender, error) {
	track, err := webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: kind.String() + "/"}, "", "")
	if err != nil {
		return nil, err
	}
	return webrtc.NewAPI(webrtc.WithMediaEngine(&webrtc.MediaEngine{})).NewRTPSender(track, transport)
}

// swap gives t another sender and changes nothing else: SetSender would go on to
// change the track and the direction, but stops at a track of the wrong kind.
func swap(t *webrtc.RTPTransceiver, sender *webrtc.RTPSender) error {
	if err := t.SetSender(sender, noKind{}); !errors.Is(err, webrtc.ErrRTPSenderNewTrackHasIncorrectKind) {
		return fmt.Errorf("set a sender: %w", err)
	}
	return nil
}

// noKind is a track used only for its kind.
type noKind struct{ webrtc.TrackLocal }

func (noKind) Kind() webrtc.RTPCodecType { return webrtc.RTPCodecTypeUnknown }

// receives reports whether the other side receives in the section with this mid.
func receives(theirs []sdp.Section, mid string) bool {
	return slices.ContainsFunc(theirs, func(s sdp.Section) bool {
		return s.Mid == mid && !s.Rejected && s.Direction&sdp.Recvonly != 0
	})
}

//go:build !js

package negotiation

import (
	"errors"
	"slices"

	"github.com/pion/webrtc/v4"
)

// senders keeps pion from sending what was not negotiated. CreateOffer marks all
// senders as negotiated (pc:2912), and the next answer starts all that are marked
// (pc:1655), also those of an offer that was dropped, or in a section that the
// other side does not receive. A pion on the other side may make a transceiver
// of such packets (pc:1824).
type senders struct {
	made    []*webrtc.RTPSender // in the last offer or answer that was made here
	started []*webrtc.RTPSender // pion has started them
}

// parked is a sender whose place another one takes for a moment.
type parked struct {
	transceiver *webrtc.RTPTransceiver
	sender      *webrtc.RTPSender
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

// exchange ends an exchange by set, and has pion start only the senders of which
// the last offer or answer that was made here told, in sections where the other
// side receives.
func (s *senders) exchange(pc *webrtc.PeerConnection, theirs []section, set func() error) error {
	back, err := s.park(pc, theirs)
	if err != nil {
		return err
	}
	err = set()
	s.started = slices.DeleteFunc(sendersOf(pc.GetTransceivers()), func(x *webrtc.RTPSender) bool {
		return !slices.Contains(s.started, x) && !slices.Contains(s.made, x)
	})
	return errors.Join(err, back())
}

// park takes those senders away that pion must not start. The function that it
// returns puts them back.
func (s *senders) park(pc *webrtc.PeerConnection, theirs []section) (back func() error, err error) {
	var all []parked
	back = func() (err error) {
		for _, p := range all {
			err = errors.Join(err, p.transceiver.SetSender(p.sender, p.sender.Track()))
		}
		return err
	}
	for _, t := range pc.GetTransceivers() {
		sender := t.Sender()
		if sender == nil || sender.Track() == nil || slices.Contains(s.started, sender) ||
			directionOf(t.Direction().String())&sendonly == 0 || receives(theirs, t.Mid()) {
			continue
		}
		empty, err := webrtc.NewAPI().NewRTPSender(sender.Track(), pc.SCTP().Transport())
		if err == nil {
			all = append(all, parked{t, sender})
			err = t.SetSender(empty, sender.Track())
		}
		if err != nil {
			return nil, errors.Join(err, back())
		}
	}
	return back, nil
}

// receives tells whether the other side receives in the section with this mid.
func receives(theirs []section, mid string) bool {
	return slices.ContainsFunc(theirs, func(s section) bool {
		return s.mid == mid && !s.rejected && s.direction&recvonly != 0
	})
}

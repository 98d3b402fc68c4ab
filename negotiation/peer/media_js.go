package peer

import (
	"github.com/hack-pad/safejs"
	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation/webapi"
)

// Track is what can be sent: a MediaStreamTrack.
type Track = safejs.Value

// RemoteTrack is a track that another peer sends: a MediaStreamTrack.
type RemoteTrack struct{ safejs.Value }

// Kind returns audio or video.
func (t RemoteTrack) Kind() string {
	kind, err := t.Get("kind")
	if err != nil {
		return ""
	}
	text, _ := kind.String()
	return text
}

// onTrack calls f for each received track, also for one that comes again after
// it was removed. pion has no OnTrack in a browser.
func onTrack(pc *webrtc.PeerConnection, f func(RemoteTrack)) (detach func(), err error) {
	js := safejs.Safe(pc.JSValue())
	fn, err := webapi.FuncOf(func(_ safejs.Value, args []safejs.Value) any {
		if track, err := args[0].Get("track"); err == nil {
			f(RemoteTrack{track})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if _, err := js.Call("addEventListener", "track", fn); err != nil {
		webapi.Release(fn)
		return nil, err
	}
	return func() {
		_, _ = js.Call("removeEventListener", "track", fn)
		webapi.Release(fn)
	}, nil
}

// use calls f, which takes over a track, before anything else happens.
func use(f func()) { f() }

// sender sends one track after the other, all on the same transceiver.
type sender struct {
	pc          safejs.Value
	transceiver safejs.Value // undefined before the first
	rtp         safejs.Value
	track       Track
	on          bool
}

func newSender(pc *webrtc.PeerConnection) *sender {
	return &sender{pc: safejs.Safe(pc.JSValue()), transceiver: safejs.Undefined()}
}

func (s *sender) start(track Track) error {
	if s.on && s.track.Equal(track) {
		return nil
	}
	direction := s.direction()
	if direction == "" || direction == "stopped" {
		if err := s.add(track); err != nil {
			return err
		}
	} else {
		if err := s.replace(track); err != nil {
			return err
		}
		direction = map[string]string{"inactive": "sendonly", "recvonly": "sendrecv"}[direction]
		if direction != "" {
			if err := s.transceiver.Set("direction", direction); err != nil {
				return err
			}
		}
	}
	s.track, s.on = track, true
	return nil
}

// add makes a transceiver for the track, or takes one that was never used.
func (s *sender) add(track Track) error {
	class, err := safejs.Global().Get("MediaStream")
	if err != nil {
		return err
	}
	stream, err := class.New([]any{track})
	if err != nil {
		return err
	}
	if s.rtp, err = s.pc.Call("addTrack", track, stream); err != nil {
		return err
	}
	list, err := s.pc.Call("getTransceivers")
	if err != nil {
		return err
	}
	n, err := list.Length()
	if err != nil {
		return err
	}
	for i := range n {
		t, err := list.Index(i)
		if err != nil {
			return err
		}
		if rtp, err := t.Get("sender"); err == nil && rtp.Equal(s.rtp) {
			s.transceiver = t
		}
	}
	return nil
}

func (s *sender) direction() string {
	if s.transceiver.IsUndefined() {
		return ""
	}
	v, err := s.transceiver.Get("direction")
	if err != nil {
		return ""
	}
	direction, _ := v.String()
	return direction
}

func (s *sender) stop() error {
	if !s.on {
		return nil
	}
	direction := map[string]string{"sendrecv": "recvonly", "sendonly": "inactive"}[s.direction()]
	if direction == "" {
		s.on = false
		return nil // it was stopped, or sends nothing already
	}
	if err := s.replace(nil); err != nil {
		return err
	}
	s.on = false
	return s.transceiver.Set("direction", direction)
}

// replace makes the transceiver send another track, or none. It is called only
// while the connection is open, so the promise settles.
func (s *sender) replace(track any) error {
	p, err := s.rtp.Call("replaceTrack", track)
	if err != nil {
		return err
	}
	return (<-webapi.Await(p).C).Err
}

package terminal

import (
	"sync"

	"perfect-negotiation/negotiation/peer"
	"perfect-negotiation/negotiation/trace"
	"perfect-negotiation/server/media"
)

// Media selects what the native peer does with media by itself.
type Media string

// The values of Media. With none of them the user may still send the pattern.
const (
	MediaPattern Media = "pattern" // send a picture and a tone
	MediaEcho    Media = "echo"    // send received tracks back
	MediaRecord  Media = "record"  // record received tracks to files
)

// stage is the media side of the native peer.
type stage struct {
	media    Media
	recorder *media.Recorder // for MediaRecord
	log      func(format string, args ...any)

	peer   *peer.Peer
	joined chan struct{} // closed when peer is set
	echo   media.Echo

	mu     sync.Mutex
	player *media.Player  // nil: not playing
	closed bool           // nothing may begin any more
	tracks sync.WaitGroup // tracks in use; grows only before closed is set
}

func newStage(m Media, recorder *media.Recorder, log func(format string, args ...any)) *stage {
	return &stage{media: m, recorder: recorder, log: log, joined: make(chan struct{})}
}

// join is called with the Peer, once.
func (s *stage) join(p *peer.Peer) error {
	s.peer = p
	close(s.joined)
	if s.media == MediaPattern {
		return s.on()
	}
	return nil
}

// on plays the pattern and the tone to everybody.
func (s *stage) on() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.player != nil || s.closed {
		return nil
	}
	var err error
	if s.player, err = media.NewPlayer(); err != nil {
		return err
	}
	s.peer.Publish("", "pattern", s.player.Video)
	s.peer.Publish("", "tone", s.player.Audio)
	return nil
}

func (s *stage) off() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.player == nil {
		return
	}
	s.peer.Unpublish("", "pattern")
	s.peer.Unpublish("", "tone")
	s.player.Close()
	s.player = nil
}

// close stops playing and waits until recordings are complete. The Peer, and with it
// all tracks, must have ended.
func (s *stage) close() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.off()
	s.tracks.Wait()
}

// begin reports whether work on a track may begin.
func (s *stage) begin() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.tracks.Add(1)
	return true
}

// onTrack plays back or records a track until it ends.
func (s *stage) onTrack(from string, track peer.RemoteTrack) {
	<-s.joined
	if !s.begin() {
		return
	}
	defer s.tracks.Done()
	switch s.media {
	case MediaEcho:
		if err := s.echo.Play(s.peer, from, track); err != nil {
			s.log("Cannot send %s back: %v", track.Kind(), err)
		}
	case MediaRecord:
		name, err := s.recorder.Record(from, track)
		switch {
		case name == "":
			s.log("Cannot record %s: %s", track.Kind(), trace.Printable(err.Error()))
		case err != nil:
			s.log("Recorded %s, but not to its end: %s", name, trace.Printable(err.Error()))
		default:
			s.log("Recorded %s", name)
		}
	}
}

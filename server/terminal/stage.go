package terminal

import (
	"sync"

	"perfect-negotiation/negotiation/peer"
	"perfect-negotiation/negotiation/trace"
	"perfect-negotiation/server/media"
)

// Media says what is done with media by itself.
type Media string

// What is done with media. Without any of these the user may send the pattern all the
// same.
const (
	MediaPattern Media = "pattern" // sends a picture and a tone
	MediaEcho    Media = "echo"    // sends back what comes
	MediaRecord  Media = "record"  // writes what comes to files
)

// stage is what the native peer does with media.
type stage struct {
	media    Media
	recorder *media.Recorder // for MediaRecord
	log      func(format string, args ...any)

	peer   *peer.Peer
	joined chan struct{} // peer is there
	echo   media.Echo

	mu     sync.Mutex
	player *media.Player  // nil: nothing is played
	closed bool           // nothing is to begin any more
	tracks sync.WaitGroup // that something is done with; grows before closed is set
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
	s.peer.Send("", "pattern", s.player.Video)
	s.peer.Send("", "tone", s.player.Audio)
	return nil
}

func (s *stage) off() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.player == nil {
		return
	}
	s.peer.Unsend("", "pattern")
	s.peer.Unsend("", "tone")
	s.player.Close()
	s.player = nil
}

// close ends what is played, and waits for recordings to be whole. The Peer has
// ended, and all tracks with it.
func (s *stage) close() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.off()
	s.tracks.Wait()
}

// begin is called before something is done with a track, if it may.
func (s *stage) begin() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.tracks.Add(1)
	return true
}

// onTrack does with a track what is to be done with it, until it ends.
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

package main

import (
	"fmt"
	"math"
	"os"
	"sync"

	"github.com/urfave/cli/v3"

	"perfect-negotiation/negotiation"
	"perfect-negotiation/negotiation/peer"
	"perfect-negotiation/server/media"
)

const megabyte = 1_000_000 // bytes

// stage is what the native peer does with media.
type stage struct {
	mode     string          // pattern, echo, record or nothing
	recorder *media.Recorder // to record
	log      func(format string, args ...any)

	peer   *peer.Peer
	joined chan struct{} // peer is there
	echo   media.Echo

	mu     sync.Mutex
	player *media.Player  // nil: nothing is played
	closed bool           // nothing is to begin any more
	tracks sync.WaitGroup // that something is done with; grows before closed is set
}

// newStage reads --media, and the directory after it.
func newStage(c *cli.Command, log func(format string, args ...any)) (*stage, error) {
	s := &stage{mode: c.String("media"), log: log, joined: make(chan struct{})}
	switch s.mode {
	case "", "pattern", "echo":
		return s, noArguments(c)
	case "record":
		if c.NArg() != 1 {
			return nil, fmt.Errorf("%w: --media record takes one directory, as in: --media record ./recordings", errUsage)
		}
		limit := c.Int64("record-limit")
		if limit < 1 || limit > math.MaxInt64/megabyte {
			return nil, fmt.Errorf("%w: --record-limit must be from 1 to %d", errUsage, math.MaxInt64/megabyte)
		}
		dir := c.Args().First()
		s.recorder = media.NewRecorder(dir, limit*megabyte)
		return s, os.MkdirAll(dir, 0o777)
	default:
		return nil, fmt.Errorf("%w: --media must be pattern, echo or record, not %q", errUsage, s.mode)
	}
}

// join is called with the Peer, once.
func (s *stage) join(p *peer.Peer) error {
	s.peer = p
	close(s.joined)
	if s.mode == "pattern" {
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
	switch s.mode {
	case "echo":
		if err := s.echo.Play(s.peer, from, track); err != nil {
			s.log("Cannot send %s back: %v", track.Kind(), err)
		}
	case "record":
		name, err := s.recorder.Record(from, track)
		switch {
		case name == "":
			s.log("Cannot record %s: %s", track.Kind(), negotiation.Printable(err.Error()))
		case err != nil:
			s.log("Recorded %s, but not to its end: %s", name, negotiation.Printable(err.Error()))
		default:
			s.log("Recorded %s", name)
		}
	}
}

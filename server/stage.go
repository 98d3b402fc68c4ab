package main

import (
	"fmt"
	"os"

	"github.com/urfave/cli/v3"

	"perfect-negotiation/negotiation"
	"perfect-negotiation/negotiation/peer"
	"perfect-negotiation/server/media"
)

// stage is what the native peer does with media.
type stage struct {
	mode string // pattern, echo, record or nothing
	dir  string // of recordings
	log  func(format string, args ...any)

	peer   *peer.Peer
	joined chan struct{} // peer is there
	player *media.Player // nil: nothing is played
}

// newStage reads --media, and the directory after it.
func newStage(c *cli.Command, log func(format string, args ...any)) (*stage, error) {
	s := &stage{mode: c.String("media"), dir: c.Args().First(), log: log, joined: make(chan struct{})}
	switch s.mode {
	case "", "pattern", "echo":
		return s, noArguments(c)
	case "record":
		if c.NArg() != 1 {
			return nil, fmt.Errorf("%w: --media record takes one directory, as in: --media record ./recordings", errUsage)
		}
		return s, os.MkdirAll(s.dir, 0o777)
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
	if s.player != nil {
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
	if s.player == nil {
		return
	}
	s.peer.Unsend("", "pattern")
	s.peer.Unsend("", "tone")
	s.player.Close()
	s.player = nil
}

// onTrack does with a track what is to be done with it, until it ends.
func (s *stage) onTrack(from string, track peer.RemoteTrack) {
	<-s.joined
	switch s.mode {
	case "echo":
		if err := media.Echo(s.peer, from, track); err != nil {
			s.log("Cannot send %s back: %v", track.Kind(), err)
		}
	case "record":
		name, err := media.Record(s.dir, from, track)
		if err != nil {
			s.log("Cannot record %s: %s", track.Kind(), negotiation.Printable(err.Error()))
		} else {
			s.log("Recorded %s", name)
		}
	}
}

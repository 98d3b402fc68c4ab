//go:build !js

package negotiation

import (
	"io"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/pion/transport/v5/packetio"
	"github.com/pion/webrtc/v4"
)

const (
	maxSources   = 64
	maxAnnounced = 2048        // remembered sources; enough to switch a camera 500 times
	lookAfter    = time.Second // delay before looking for sources that became tracks
)

// sourceCount counts the sources (SSRCs) of received RTP and RTCP that no
// description, local or remote, has announced. Any goroutine may call its methods.
// https://www.rfc-editor.org/rfc/rfc5576#section-4.1
type sourceCount struct {
	most int

	mu        sync.Mutex
	pc        *webrtc.PeerConnection
	flood     func()   // called once, when there are too many sources
	announced []uint32 // SSRCs of the last descriptions
	unknown   map[uint32]bool
	looking   *time.Timer // runs look; nil: not running
	judging   bool        // whether there are too many sources is being found out, or was
}

// watch starts counting for pc; flood is called once if there are too many sources.
func (s *sourceCount) watch(pc *webrtc.PeerConnection, flood func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pc, s.flood = pc, flood
}

// forget stops counting.
func (s *sourceCount) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pc, s.flood = nil, nil
	if s.looking != nil {
		s.looking.Stop()
	}
}

// announce is called with the SDP of each description, local or remote, before it is
// applied.
func (s *sourceCount) announce(sdp string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for line := range strings.Lines(sdp) {
		if value, is := strings.CutPrefix(line, "a=ssrc:"); is {
			id, _, _ := strings.Cut(strings.TrimRight(value, "\r\n"), " ")
			if ssrc, err := strconv.ParseUint(id, 10, 32); err == nil {
				s.know(uint32(ssrc))
			}
		}
	}
}

func (s *sourceCount) know(ssrc uint32) {
	delete(s.unknown, ssrc)
	if ssrc == 0 || slices.Contains(s.announced, ssrc) {
		return
	}
	if len(s.announced) == maxAnnounced {
		s.announced = slices.Delete(s.announced, 0, 1)
	}
	s.announced = append(s.announced, ssrc)
}

// factory returns a BufferFactory, which pion calls for each new source.
func (s *sourceCount) factory(next func(packetio.BufferPacketType, uint32) io.ReadWriteCloser) func(packetio.BufferPacketType, uint32) io.ReadWriteCloser {
	if next == nil {
		next = newPacketBuffer
	}
	return func(kind packetio.BufferPacketType, ssrc uint32) io.ReadWriteCloser {
		if !s.comes(ssrc) {
			return closedBuffer{}
		}
		return next(kind, ssrc)
	}
}

// comes reports whether packets of a source are kept.
func (s *sourceCount) comes(ssrc uint32) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case slices.Contains(s.announced, ssrc), s.unknown[ssrc]:
		return true
	case len(s.unknown) >= s.most:
		if !s.judging {
			s.judging = true
			go s.judge() // on its own goroutine, because pion holds mutexes here
		}
		return false
	}
	if s.unknown == nil {
		s.unknown = map[uint32]bool{}
	}
	s.unknown[ssrc] = true
	if s.looking == nil {
		s.looking = time.AfterFunc(lookAfter, s.look)
	}
	return true
}

// look removes the sources that pion has assigned to tracks, by mid, rid or payload
// type, from the unknown ones: descriptions limit their number.
func (s *sourceCount) look() {
	s.mu.Lock()
	pc := s.pc
	s.mu.Unlock()
	if pc == nil {
		return
	}
	var tracks []*webrtc.TrackRemote
	for _, r := range pc.GetReceivers() {
		tracks = append(tracks, r.Tracks()...)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range tracks {
		s.know(uint32(t.SSRC()))
		s.know(uint32(t.RtxSSRC()))
	}
	s.looking = nil
}

// judge calls flood, once, if too many sources are unknown after a look that begins now:
// an earlier one may not have seen the tracks of the last.
func (s *sourceCount) judge() {
	s.look()
	s.mu.Lock()
	flood := s.flood
	if s.judging = len(s.unknown) >= s.most; s.judging {
		s.flood = nil
	}
	guilty := s.judging
	s.mu.Unlock()
	if guilty && flood != nil {
		flood()
	}
}

// newPacketBuffer returns a buffer like pion's own.
func newPacketBuffer(kind packetio.BufferPacketType, _ uint32) io.ReadWriteCloser {
	b := packetBuffer{packetio.NewBuffer()}
	b.SetLimitSize(1000 * 1000)
	if kind == packetio.RTCPBufferPacket {
		b.SetLimitSize(100 * 1000)
	}
	return b
}

type packetBuffer struct{ *packetio.Buffer }

func (b packetBuffer) Read(to []byte) (int, error) {
	n, _, err := b.Buffer.Read(to, nil)
	return n, err
}

func (b packetBuffer) Write(packet []byte) (int, error) { return b.Buffer.Write(packet, nil) }

func (b packetBuffer) ReadWithAttributes(to []byte, a packetio.Attributes) (int, packetio.Attributes, error) {
	return b.Buffer.Read(to, a)
}

func (b packetBuffer) WriteWithAttributes(packet []byte, a packetio.Attributes) (int, error) {
	return b.Buffer.Write(packet, a)
}

// closedBuffer keeps nothing.
type closedBuffer struct{}

func (closedBuffer) Read([]byte) (int, error)         { return 0, io.EOF }
func (closedBuffer) Write(packet []byte) (int, error) { return len(packet), nil }
func (closedBuffer) Close() error                     { return nil }

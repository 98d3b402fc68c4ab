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
	maxAnnounced = 2048        // sources that are remembered; a camera may be switched 500 times
	lookAfter    = time.Second // for what pion has taken for a track meanwhile
)

// sourceCount counts the sources (SSRC) of RTP and RTCP that come over a connection and that
// no description, from either side, has announced. Any goroutine may call its methods.
// https://www.rfc-editor.org/rfc/rfc5576#section-4.1
type sourceCount struct {
	most int

	mu        sync.Mutex
	pc        *webrtc.PeerConnection
	flood     func()   // too many have come; called once
	announced []uint32 // those of the last descriptions
	unknown   map[uint32]bool
	looking   *time.Timer // set: for tracks among unknown
	over      bool        // flood was called
}

// watch is called with the connection, and what is to be done about a flood.
func (s *sourceCount) watch(pc *webrtc.PeerConnection, flood func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pc, s.flood = pc, flood
}

// forget ends that.
func (s *sourceCount) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pc, s.flood = nil, nil
	if s.looking != nil {
		s.looking.Stop()
	}
}

// announce is called with the SDP of each description, from either side, before it is
// applied there.
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

// factory returns a BufferFactory: pion asks it for each source that comes.
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

// comes reports whether packets of a source are to be kept.
func (s *sourceCount) comes(ssrc uint32) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case slices.Contains(s.announced, ssrc), s.unknown[ssrc]:
		return true
	case len(s.unknown) >= s.most:
		if !s.over {
			s.over = true
			go s.look() // pion holds mutexes
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

// look looks which sources pion has taken for tracks, by mid, rid or payload type: there
// are as many as descriptions say. It calls flood if there are too many others.
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
	for _, t := range tracks {
		s.know(uint32(t.SSRC()))
		s.know(uint32(t.RtxSSRC()))
	}
	s.looking = nil
	flood := s.flood
	if s.over = s.over && len(s.unknown) >= s.most; s.over {
		s.flood = nil
	} else {
		flood = nil
	}
	s.mu.Unlock()
	if flood != nil {
		flood()
	}
}

// newPacketBuffer returns a buffer like those that pion makes itself.
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

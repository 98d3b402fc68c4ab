//go:build !js

package negotiation_test

import (
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/pion/interceptor"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"
)

// numbers maps pion's payload types to those of another stack.
type numbers map[uint8]uint8

// stack is a connection that makes its offers without a Session, and gives each media
// section payload types of its own, in descriptions and in packets.
type stack struct {
	interceptor.NoOp
	t  *testing.T
	pc *webrtc.PeerConnection

	mu      sync.Mutex
	numbers []numbers      // of the last offer, by section
	sending []numbers      // the same, once it is answered
	back    []numbers      // of all descriptions, by section
	sends   map[uint32]int // the section of a stream
	came    chan packet
	heard   map[string]bool // the tracks of which a packet came
}

// packet is an RTP packet that was received in a section.
type packet struct {
	track  string
	number uint8 // payload type
}

func newStack(t *testing.T) *stack {
	t.Helper()
	s := &stack{t: t, sends: map[uint32]int{}, came: make(chan packet, 4096), heard: map[string]bool{}}
	registry := &interceptor.Registry{}
	registry.Add(s)
	s.pc = newPeerConnectionFrom(t, registry)
	t.Cleanup(func() { _ = s.pc.Close() })
	s.pc.OnTrack(func(track *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
		for {
			if _, _, err := track.ReadRTP(); err != nil {
				return
			}
		}
	})
	return s
}

func (s *stack) NewInterceptor(string) (interceptor.Interceptor, error) { return s, nil }

// BindLocalStream has packets carry the number of their section.
func (s *stack) BindLocalStream(info *interceptor.StreamInfo, to interceptor.RTPWriter) interceptor.RTPWriter {
	ssrc := info.SSRC
	return interceptor.RTPWriterFunc(func(header *rtp.Header, payload []byte, a interceptor.Attributes) (int, error) {
		s.mu.Lock()
		number, known := s.sending[s.sends[ssrc]][header.PayloadType]
		s.mu.Unlock()
		changed := *header
		if known {
			changed.PayloadType = number
		}
		return to.Write(&changed, payload, a)
	})
}

// BindRemoteStream notes the number of each packet, and shows pion the one it knows.
func (s *stack) BindRemoteStream(info *interceptor.StreamInfo, from interceptor.RTPReader) interceptor.RTPReader {
	ssrc := info.SSRC
	return interceptor.RTPReaderFunc(func(to []byte, a interceptor.Attributes) (int, interceptor.Attributes, error) {
		n, a, err := from.Read(to, a)
		if err != nil {
			return n, a, err
		}
		number := to[1] & 0x7f
		for i, t := range s.pc.GetTransceivers() {
			for _, track := range t.Receiver().Tracks() {
				if track.SSRC() != webrtc.SSRC(ssrc) {
					continue
				}
				select {
				case s.came <- packet{track.ID(), number}:
				default:
				}
				s.mu.Lock()
				s.heard[track.ID()] = true
				if ours, known := s.back[i][number]; known {
					to[1] = to[1]&0x80 | ours
				}
				s.mu.Unlock()
			}
		}
		return n, a, err
	})
}

// offer makes an offer with these numbers, one set for each section.
func (s *stack) offer(sections ...numbers) string {
	s.t.Helper()
	o, err := s.pc.CreateOffer(nil)
	if err != nil {
		s.t.Fatal(err)
	}
	gathered := webrtc.GatheringCompletePromise(s.pc)
	if err := s.pc.SetLocalDescription(o); err != nil {
		s.t.Fatal(err)
	}
	<-gathered
	s.mu.Lock()
	defer s.mu.Unlock()
	s.numbers = sections
	for i, of := range sections {
		if len(s.back) == i {
			s.back = append(s.back, numbers{})
		}
		for ours, theirs := range of {
			s.back[i][theirs] = ours
		}
	}
	for i, t := range s.pc.GetTransceivers() {
		for _, e := range t.Sender().GetParameters().Encodings {
			s.sends[uint32(e.SSRC)] = i
		}
	}
	return s.translate(s.pc.LocalDescription().SDP, false)
}

// answered applies an answer to an offer of ours.
func (s *stack) answered(text string) {
	s.t.Helper()
	s.mu.Lock()
	s.sending = s.numbers
	s.mu.Unlock()
	if err := s.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: s.translate(text, true)}); err != nil {
		s.t.Fatalf("%v\n%s", err, text)
	}
}

var numbered = regexp.MustCompile(`(?m)^(a=(?:rtpmap|fmtp|rtcp-fb):)(\d+)|(apt=)(\d+)`)

// translate gives each media section of a description its numbers, or pion's again.
func (s *stack) translate(text string, back bool) string {
	parts := strings.Split(text, "\r\nm=")
	for i := range parts[1:] {
		to := s.numbers[i]
		if back {
			to = s.back[i]
		}
		number := func(text string) string {
			n, _ := strconv.Atoi(text)
			if changed, known := to[uint8(n)]; known {
				return strconv.Itoa(int(changed))
			}
			return text
		}
		line, rest, _ := strings.Cut(parts[i+1], "\r\n")
		words := strings.Fields(line)
		for j := 3; j < len(words); j++ {
			words[j] = number(words[j])
		}
		rest = numbered.ReplaceAllStringFunc(rest, func(match string) string {
			j := strings.IndexAny(match, ":=") + 1
			if strings.HasPrefix(match, "a=") {
				j = strings.Index(match, ":") + 1
			}
			return match[:j] + number(match[j:])
		})
		parts[i+1] = strings.Join(words, " ") + "\r\n" + rest
	}
	return strings.Join(parts, "\r\nm=")
}

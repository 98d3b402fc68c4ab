//go:build !js

package negotiation

import (
	"context"
	"crypto/rand"
	"io"
	"maps"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/webrtc/v4"
	pionmedia "github.com/pion/webrtc/v4/pkg/media"
	"github.com/pion/webrtc/v4/pkg/media/ivfreader"

	"perfect-negotiation/negotiation/internal/pion"

	"perfect-negotiation/negotiation/internal/sdp"
)

// clip is a moving picture with a key frame every half a second.
const clip = "../server/media/pattern.ivf"

// silence is an Opus packet. https://www.rfc-editor.org/rfc/rfc6716#section-3.1
var silence = []byte{0xf8, 0xff, 0xfe}

// player is what a native side plays, and what it hears.
type player struct {
	arrivals
	loops map[webrtc.RTPCodecType]*webrtc.TrackLocalStaticSample
	pause atomic.Bool

	mu      sync.Mutex
	packets map[string]int // by mid
}

// played is a track of its own on which one of the loops is played.
type played struct {
	*webrtc.TrackLocalStaticSample
	id string
}

func (p *played) ID() string { return p.id }

func (m *player) track(kind webrtc.RTPCodecType) webrtc.TrackLocal {
	return &played{m.loops[kind], rand.Text()}
}

// begin plays until the test ends, and counts what comes.
func (m *player) begin(t *testing.T, pc *webrtc.PeerConnection) {
	m.packets = map[string]int{}
	t.Cleanup(func() { // when it is closed, see the documentation of negotiation
		for _, r := range pc.GetReceivers() {
			pion.EndReads(r)
		}
	})
	m.atRest(false)
	m.loops = map[webrtc.RTPCodecType]*webrtc.TrackLocalStaticSample{
		webrtc.RTPCodecTypeAudio: m.loop(t, webrtc.MimeTypeOpus, 20*time.Millisecond, [][]byte{silence}),
		webrtc.RTPCodecTypeVideo: m.loop(t, webrtc.MimeTypeVP8, 50*time.Millisecond, frames(t)),
	}
	pc.OnTrack(func(track *webrtc.TrackRemote, receiver *webrtc.RTPReceiver) {
		var mid string
		for _, t := range pc.GetTransceivers() {
			if t.Receiver() == receiver {
				mid = t.Mid()
			}
		}
		for {
			if _, _, err := track.ReadRTP(); err != nil {
				return
			}
			m.mu.Lock()
			m.packets[mid]++
			m.mu.Unlock()
		}
	})
}

// live returns the mids of the sections on which something is played.
func (p *party) live() (mids []string) {
	for _, t := range p.pc.GetTransceivers() {
		if t.Sender() == nil {
			continue
		}
		if _, is := t.Sender().Track().(*played); is && p.flow(t.Mid())&sdp.Sendonly != 0 {
			mids = append(mids, t.Mid())
		}
	}
	return mids
}

// received returns how many packets came on each section.
func (m *player) received(context.Context) map[string]int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return maps.Clone(m.packets)
}

func frames(t *testing.T) (list [][]byte) {
	file, err := os.Open(clip)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	reader, _, err := ivfreader.NewWith(file)
	for err == nil {
		var frame []byte
		if frame, _, err = reader.ParseNextFrame(); err == nil {
			list = append(list, frame)
		}
	}
	if err != io.EOF {
		t.Fatal(err)
	}
	return list
}

// atRest is told whether an exchange can be under way. The race detector must see
// no media that come before the answer that tells of them: in pion two goroutines
// then read the same stream (pc:2188, pc:1686).
func (m *player) atRest(is bool) { m.pause.Store(RaceEnabled && !is) }

func (m *player) loop(t *testing.T, mime string, every time.Duration, frames [][]byte) *webrtc.TrackLocalStaticSample {
	track, err := webrtc.NewTrackLocalStaticSample(webrtc.RTPCodecCapability{MimeType: mime}, "loop", "stream")
	if err != nil {
		t.Fatal(err)
	}
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		next := time.NewTicker(every)
		defer next.Stop()
		for i := 0; ; i++ {
			select {
			case <-next.C:
				if m.pause.Load() {
					continue
				}
				// An error is one of a connection that has gone.
				_ = track.WriteSample(pionmedia.Sample{Data: frames[i%len(frames)], Duration: every})
			case <-stop:
				return
			}
		}
	}()
	t.Cleanup(func() {
		close(stop)
		<-done
	})
	return track
}

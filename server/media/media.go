// Package media handles the pictures and sound of a native peer: it sends a
// pattern and a tone, sends back what it receives, or records it.
//
// pattern.ivf and tone.ogg were made with FFmpeg: VP8 with a key frame every half
// second, and Opus with one packet of 20 ms in each page.
//
//	ffmpeg -f lavfi -i testsrc2=size=320x180:rate=20:duration=4 -c:v libvpx -b:v 120k \
//		-g 10 -keyint_min 10 -auto-alt-ref 0 -lag-in-frames 0 -error-resilient 1 pattern.ivf
//	ffmpeg -f lavfi -i sine=frequency=440:sample_rate=48000:duration=4 -af volume=0.2 -ac 2 \
//		-c:a libopus -b:a 24k -frame_duration 20 -page_duration 20000 tone.ogg
package media

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/webrtc/v4"
	"github.com/pion/webrtc/v4/pkg/media"
	"github.com/pion/webrtc/v4/pkg/media/ivfreader"
	"github.com/pion/webrtc/v4/pkg/media/oggreader"
)

//go:embed pattern.ivf
var pattern []byte

//go:embed tone.ogg
var tone []byte

// Loop is a track that plays the same frames over and over, to all connections that
// it is bound to. It may be used from any goroutine.
type Loop struct {
	*webrtc.TrackLocalStaticSample
	frames   [][]byte
	duration time.Duration // of a frame
	first    func(frame []byte) bool
	jump     atomic.Bool // go to the next key frame
}

// Pattern returns a moving picture.
func Pattern() (*Loop, error) {
	reader, header, err := ivfreader.NewWith(bytes.NewReader(pattern))
	if err != nil {
		return nil, fmt.Errorf("pattern.ivf: %w", err)
	}
	l := &Loop{
		duration: time.Second * time.Duration(header.TimebaseNumerator) / time.Duration(header.TimebaseDenominator),
		first:    func(frame []byte) bool { return frame[0]&1 == 0 }, // RFC 6386 section 9.1
	}
	for {
		frame, _, err := reader.ParseNextFrame()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("pattern.ivf: %w", err)
		}
		l.frames = append(l.frames, frame)
	}
	l.TrackLocalStaticSample, err = webrtc.NewTrackLocalStaticSample(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeVP8}, "pattern", "pattern")
	return l, err
}

// Tone returns a quiet tone of 440 Hz.
func Tone() (*Loop, error) {
	reader, _, err := oggreader.NewWith(bytes.NewReader(tone))
	if err != nil {
		return nil, fmt.Errorf("tone.ogg: %w", err)
	}
	l := &Loop{duration: 20 * time.Millisecond, first: func([]byte) bool { return true }}
	for {
		packet, _, err := reader.ParseNextPage()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("tone.ogg: %w", err)
		}
		if !bytes.HasPrefix(packet, []byte("OpusTags")) {
			l.frames = append(l.frames, packet)
		}
	}
	l.TrackLocalStaticSample, err = webrtc.NewTrackLocalStaticSample(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus}, "tone", "pattern")
	return l, err
}

// RequestKeyFrame makes the next frame a key frame.
func (l *Loop) RequestKeyFrame() { l.jump.Store(true) }

// Play plays until ctx ends.
func (l *Loop) Play(ctx context.Context) {
	next := time.NewTicker(l.duration)
	defer next.Stop()
	for i := 0; ; i++ {
		if l.jump.Swap(false) {
			for !l.first(l.frames[i%len(l.frames)]) {
				i++
			}
		}
		// Errors come only from connections that are gone.
		_ = l.WriteSample(media.Sample{Data: l.frames[i%len(l.frames)], Duration: l.duration})
		select {
		case <-next.C:
		case <-ctx.Done():
			return
		}
	}
}

// Player plays the pattern and the tone together.
type Player struct {
	Video, Audio *Loop
	stop         context.CancelFunc
	wait         sync.WaitGroup
}

// NewPlayer returns a Player that plays until Close.
func NewPlayer() (*Player, error) {
	video, err := Pattern()
	if err != nil {
		return nil, err
	}
	audio, err := Tone()
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(context.Background())
	p := &Player{Video: video, Audio: audio, stop: stop}
	p.wait.Go(func() { video.Play(ctx) })
	p.wait.Go(func() { audio.Play(ctx) })
	return p, nil
}

// Close stops playing.
func (p *Player) Close() {
	p.stop()
	p.wait.Wait()
}

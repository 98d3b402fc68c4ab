package media

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/rtp/codecs"
	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation/peer"
)

// keyFrameEvery is the interval between key frames of a recording, at which it can be
// cut.
const keyFrameEvery = 3 * time.Second

// Overhead of recordings.
const (
	fileCost   = 64 << 10 // bytes per file, so that the number of files has a limit, too
	packetCost = 32       // bytes per packet, for its headers
)

// maxPicture bounds the size of a picture, in bytes including packetCost: pion's
// writer holds it in memory until it is complete.
const maxPicture = 4 << 20

// Errors that end a recording.
var (
	// ErrFull means that the recordings have reached their limit.
	ErrFull = errors.New("all recordings together are as large as they may be")
	// ErrEndless means that a picture exceeds the limit without an end.
	ErrEndless = fmt.Errorf("a picture does not end within %d MB", maxPicture>>20)
)

// Recorder writes tracks to files. It may be used from any goroutine.
type Recorder struct {
	dir   string
	limit int64        // bytes
	left  atomic.Int64 // of them
}

// NewRecorder returns a Recorder that writes up to limit bytes in total to files in
// dir.
func NewRecorder(dir string, limit int64) *Recorder {
	r := &Recorder{dir: dir, limit: limit}
	r.left.Store(limit)
	return r
}

func (r *Recorder) take(bytes int) error {
	if r.left.Add(-int64(bytes)) < 0 {
		return fmt.Errorf("%w: %g MB", ErrFull, float64(r.limit)/1e6)
	}
	return nil
}

// Record writes a track to a new file until the track ends, and returns the name of
// the file. On an error the file ends early, or the name is empty and there is no
// file.
func (r *Recorder) Record(from string, track peer.RemoteTrack) (name string, err error) {
	if err := r.take(fileCost); err != nil {
		return "", err
	}
	extension := map[string]string{"audio": "ogg", "video": "ivf"}[track.Kind()]
	file, err := create(r.dir, plain(from)+"-"+track.Kind(), extension)
	if err != nil {
		return "", err
	}
	mime := track.Codec().MimeType
	writer, err := newContainer(file, track.Codec().RTPCodecCapability)
	if err != nil {
		_ = file.Close()
		_ = os.Remove(file.Name())
		return "", err
	}
	var asked time.Time
	unfinished := 0 // bytes of a picture that pion's writer holds back
	for {
		if track.Kind() == "video" && time.Since(asked) > keyFrameEvery {
			asked = time.Now()
			_ = track.RequestKeyFrame()
		}
		packet, _, err := track.ReadRTP()
		if err != nil {
			return file.Name(), writer.Close()
		}
		cost := len(packet.Payload) + packetCost
		if err = r.take(cost); err == nil && !hollow(mime, packet) {
			if unfinished += cost; unfinished > maxPicture {
				err = ErrEndless
			} else {
				err = writer.WriteRTP(packet)
			}
			if finishes(mime, packet) {
				unfinished = 0
			}
		}
		if err != nil {
			return file.Name(), errors.Join(err, writer.Close())
		}
	}
}

// hollow reports whether a packet has no payload to write, which pion's VP8 writer
// does not expect.
func hollow(mime string, packet *rtp.Packet) bool {
	content, err := packet.Payload, error(nil)
	if strings.EqualFold(mime, webrtc.MimeTypeVP8) {
		content, err = new(codecs.VP8Packet).Unmarshal(content)
	}
	return err != nil || len(content) == 0
}

// finishes reports whether pion's writer holds nothing back after a packet with a
// payload.
func finishes(mime string, packet *rtp.Packet) bool {
	const continues = 0x40 // https://aomediacodec.github.io/av1-rtp-spec/#44-av1-aggregation-header
	switch {
	case strings.EqualFold(mime, webrtc.MimeTypeOpus):
		return true
	case strings.EqualFold(mime, webrtc.MimeTypeAV1):
		return packet.Marker && packet.Payload[0]&continues == 0
	default:
		return packet.Marker
	}
}

// plain keeps the characters that are valid in file names on every system.
func plain(id string) string {
	return strings.Map(func(r rune) rune {
		if r == '-' || '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' {
			return r
		}
		return '_'
	}, id)
}

// create creates a file that only its owner can read, under a name that does not
// exist, not even as a symbolic link.
func create(dir, name, extension string) (*os.File, error) {
	for n := 1; ; n++ {
		file, err := os.OpenFile(filepath.Join(dir, fmt.Sprintf("%s-%d.%s", name, n, extension)), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if !os.IsExist(err) {
			return file, err
		}
	}
}

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
	"github.com/pion/webrtc/v4"
	"github.com/pion/webrtc/v4/pkg/media/ivfwriter"
	"github.com/pion/webrtc/v4/pkg/media/oggwriter"

	"perfect-negotiation/negotiation/peer"
)

// keyFrameEvery is how often a recording can be cut into.
const keyFrameEvery = 3 * time.Second

// What recordings cost beside what was sent.
const (
	fileCost   = 64 << 10 // bytes of a file, so that their number has a limit, too
	packetCost = 32       // bytes of the headers of a packet
)

// ErrFull says that recordings are as large as they may be.
var ErrFull = errors.New("the recordings are as large as they may be")

// Recorder writes tracks to files. It may be used from any goroutine.
type Recorder struct {
	dir  string
	left atomic.Int64 // bytes
}

// NewRecorder returns a Recorder that writes up to limit bytes in all, whatever the
// other sides send, to files in dir.
func NewRecorder(dir string, limit int64) *Recorder {
	r := &Recorder{dir: dir}
	r.left.Store(limit)
	return r
}

func (r *Recorder) take(bytes int) error {
	if r.left.Add(-int64(bytes)) < 0 {
		return ErrFull
	}
	return nil
}

// Record writes a track to a new file, until the track ends, and returns the name
// of the file.
func (r *Recorder) Record(from string, track peer.RemoteTrack) (name string, err error) {
	if err := r.take(fileCost); err != nil {
		return "", err
	}
	extension := map[string]string{"audio": "ogg", "video": "ivf"}[track.Kind()]
	file, err := create(r.dir, plain(from)+"-"+track.Kind(), extension)
	if err != nil {
		return "", err
	}
	var writer interface {
		WriteRTP(*rtp.Packet) error
		Close() error
	}
	codec := track.Codec()
	switch mime := codec.MimeType; {
	case strings.EqualFold(mime, webrtc.MimeTypeOpus):
		_ = file.Close() // only what it opens itself does it mark as ended
		writer, err = oggwriter.New(file.Name(), codec.ClockRate, codec.Channels)
	case strings.EqualFold(mime, webrtc.MimeTypeVP8), strings.EqualFold(mime, webrtc.MimeTypeVP9), strings.EqualFold(mime, webrtc.MimeTypeAV1):
		writer, err = ivfwriter.NewWith(file, ivfwriter.WithCodec(mime))
	default:
		err = fmt.Errorf("%s cannot be recorded", mime)
	}
	if err != nil {
		_ = file.Close()
		_ = os.Remove(file.Name())
		return "", err
	}
	var asked time.Time
	for {
		if track.Kind() == "video" && time.Since(asked) > keyFrameEvery {
			asked = time.Now()
			_ = track.RequestKeyFrame()
		}
		packet, _, err := track.ReadRTP()
		if err != nil {
			return file.Name(), writer.Close()
		}
		if err = r.take(len(packet.Payload) + packetCost); err == nil {
			err = writer.WriteRTP(packet)
		}
		if err != nil {
			return file.Name(), errors.Join(err, writer.Close())
		}
	}
}

// plain keeps what can be part of a file's name anywhere.
func plain(id string) string {
	return strings.Map(func(r rune) rune {
		if r == '-' || '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' {
			return r
		}
		return '_'
	}, id)
}

// create makes a file that is not there yet.
func create(dir, name, extension string) (*os.File, error) {
	for n := 1; ; n++ {
		file, err := os.OpenFile(filepath.Join(dir, fmt.Sprintf("%s-%d.%s", name, n, extension)), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
		if !os.IsExist(err) {
			return file, err
		}
	}
}

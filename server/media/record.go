package media

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"
	"github.com/pion/webrtc/v4/pkg/media/ivfwriter"
	"github.com/pion/webrtc/v4/pkg/media/oggwriter"

	"perfect-negotiation/negotiation/peer"
)

// keyFrameEvery is how often a recording can be cut into.
const keyFrameEvery = 3 * time.Second

// Record writes a track to a new file in dir, until the track ends, and returns
// the name of the file.
func Record(dir, from string, track peer.RemoteTrack) (name string, err error) {
	extension := map[string]string{"audio": "ogg", "video": "ivf"}[track.Kind()]
	file, err := create(dir, plain(from)+"-"+track.Kind(), extension)
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
		if err := writer.WriteRTP(packet); err != nil {
			_ = writer.Close()
			return file.Name(), err
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

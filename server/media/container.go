package media

import (
	"fmt"
	"os"
	"strings"

	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"
	"github.com/pion/webrtc/v4/pkg/media/ivfwriter"
	"github.com/pion/webrtc/v4/pkg/media/oggwriter"
)

// container writes packets to a file, and closes it.
type container interface {
	WriteRTP(*rtp.Packet) error
	Close() error
}

// newContainer returns the container for a codec.
func newContainer(file *os.File, codec webrtc.RTPCodecCapability) (container, error) {
	switch mime := codec.MimeType; {
	case strings.EqualFold(mime, webrtc.MimeTypeOpus):
		return newOgg(file, codec)
	case strings.EqualFold(mime, webrtc.MimeTypeVP8), strings.EqualFold(mime, webrtc.MimeTypeVP9), strings.EqualFold(mime, webrtc.MimeTypeAV1):
		return ivfwriter.NewWith(file, ivfwriter.WithCodec(mime))
	default:
		return nil, fmt.Errorf("%s cannot be recorded", mime)
	}
}

// ogg is an Opus file. Its end is marked in place: pion's own writer would reopen the
// file by name, which may be a symbolic link by then.
type ogg struct {
	*oggwriter.Writer
	track *oggwriter.Track
}

func newOgg(file *os.File, codec webrtc.RTPCodecCapability) (container, error) {
	w, err := oggwriter.NewWriter(file, oggwriter.WithSeekableOutput(file), oggwriter.WithSampleRate(codec.ClockRate), oggwriter.WithChannelCount(codec.Channels))
	if err != nil {
		return nil, err
	}
	track, err := w.NewTrack(0)
	return ogg{w, track}, err
}

func (o ogg) WriteRTP(packet *rtp.Packet) error {
	packet.SSRC = 0 // that of the track; a sender may change its own
	return o.track.WriteRTP(packet)
}

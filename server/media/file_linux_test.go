package media

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"
)

// A recording is a file of its own, which others cannot read.
func TestRecordingsAreNew(t *testing.T) {
	dir, elsewhere := t.TempDir(), filepath.Join(t.TempDir(), "elsewhere")
	if err := os.Symlink(elsewhere, filepath.Join(dir, "x-video-1.ivf")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "x-video-2.ivf"), nil, 0o666); err != nil {
		t.Fatal(err)
	}
	file, err := create(dir, "x-video", "ivf")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		t.Fatal(err)
	}
	if mode := info.Mode(); mode != 0o600 || info.Name() != "x-video-3.ivf" {
		t.Errorf("it makes %s with mode %s", info.Name(), mode)
	}
	if _, err := os.Stat(elsewhere); !os.IsNotExist(err) {
		t.Errorf("it follows a symbolic link: %v", err)
	}
}

// A full disk is an error of the recording, in each format.
func TestAFullDiskIsSaid(t *testing.T) {
	for _, codec := range []webrtc.RTPCodecCapability{
		{MimeType: webrtc.MimeTypeOpus, ClockRate: 48000, Channels: 2},
		{MimeType: webrtc.MimeTypeVP8, ClockRate: 90000},
	} {
		full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		w, err := newContainer(full, codec)
		if err == nil {
			err = w.WriteRTP(&rtp.Packet{Header: rtp.Header{Version: 2, Marker: true}, Payload: []byte{0x10, 0, 0, 0}})
		}
		if !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("%s: %v", codec.MimeType, err)
		}
		_ = full.Close()
	}
}

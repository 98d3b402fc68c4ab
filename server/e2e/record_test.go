package e2e

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"
	"github.com/pion/webrtc/v4/pkg/media/ivfreader"
	"github.com/pion/webrtc/v4/pkg/media/oggreader"

	"perfect-negotiation/negotiation/peer"
	"perfect-negotiation/server/media"
)

// awaitRecordings waits until there is a picture and a sound in dir.
func awaitRecordings(t *testing.T, dir string, who ...participant) {
	t.Helper()
	for _, extension := range []string{"ivf", "ogg"} {
		await(t, "there is a file of "+extension, func() bool {
			files, _ := filepath.Glob(filepath.Join(dir, "*."+extension))
			if len(files) == 0 {
				return false
			}
			info, err := os.Stat(files[0])
			return err == nil && info.Size() > 2048
		}, who...)
	}
}

// checkRecordings checks whether what was recorded is whole.
func checkRecordings(t *testing.T, dir string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(files) != 2 {
		t.Fatalf("recorded %q, error %v", files, err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if filepath.Ext(file) == ".ivf" {
			checkPictures(t, data)
		} else {
			checkSound(t, data)
		}
	}
}

func checkPictures(t *testing.T, ivf []byte) {
	t.Helper()
	reader, header, err := ivfreader.NewWith(bytes.NewReader(ivf))
	if err != nil || !strings.HasPrefix(header.FourCC, "VP8") {
		t.Fatalf("%v, %v", header, err)
	}
	frames := uint32(0)
	for ; err == nil; frames++ {
		_, _, err = reader.ParseNextFrame()
	}
	if frames--; !errors.Is(err, io.EOF) || frames == 0 || frames != header.NumFrames {
		t.Errorf("%d frames, and the header tells of %d; error %v", frames, header.NumFrames, err)
	}
}

func checkSound(t *testing.T, ogg []byte) {
	t.Helper()
	reader, header, err := oggreader.NewWith(bytes.NewReader(ogg))
	if err != nil || header.SampleRate != 48000 {
		t.Fatalf("%v, %v", header, err)
	}
	pages := 0
	for ; err == nil; pages++ {
		_, _, err = reader.ParseNextPage()
	}
	if pages--; !errors.Is(err, io.EOF) || pages < 2 {
		t.Errorf("%d pages, error %v", pages, err)
	}
	const last = 4 // https://www.rfc-editor.org/rfc/rfc3533#section-6
	if page := ogg[bytes.LastIndex(ogg, []byte("OggS")):]; page[5]&last == 0 {
		t.Error("it does not say that it ends")
	}
}

// TestRecord has a native peer write what a tab sends to files.
func TestRecord(t *testing.T) {
	t.Parallel()
	withoutDetector(t)
	w := newWorld(t)
	tab := w.mediaTab("/r/record")
	dir := t.TempDir()
	p := startPeer(t, w, "--room", "record", "--media", "record", dir)
	tab.play(true)
	tab.microphone()
	awaitRecordings(t, dir, tab)
	p.signal()
	p.ends(0)
	checkRecordings(t, dir)
	nothingSurfaced(t, tab)
}

// TestRecordNative has a native peer write what another one sends to files.
func TestRecordNative(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	n := w.mediaNative("record", "")
	dir := filepath.Join(t.TempDir(), "made", "for", "it")
	p := startPeer(t, w, "--room", "record", "--media", "record", dir)
	n.play(true)
	awaitRecordings(t, dir, n)
	p.write("/quit")
	p.ends(0)
	checkRecordings(t, dir)
	p.expectLog("Recorded " + dir)
	nothingSurfaced(t, n)
}

// TestRecordLimit has a native peer write no more than it may.
func TestRecordLimit(t *testing.T) {
	t.Parallel()
	const limit = 150_000 // two files, and a second
	w := newWorld(t)
	n := w.mediaNative(demoRoom, "polite")
	dir := t.TempDir()
	recorder := media.NewRecorder(dir, limit)
	full := make(chan error, 2)
	w.native(demoRoom, "impolite", true, func(_ *peer.Peer, from string, track peer.RemoteTrack) {
		_, err := recorder.Record(from, track)
		full <- err
	})
	n.play(true)
	for range 2 {
		select {
		case err := <-full:
			if !errors.Is(err, media.ErrFull) || !strings.HasSuffix(err.Error(), "0.15 MB") {
				t.Errorf("a recording ends with %v", err)
			}
		case <-time.After(patience):
			t.Fatal("a recording does not end")
		}
	}
	checkRecordings(t, dir)
	var size int64
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		info, err := file.Info()
		if err != nil {
			t.Fatal(err)
		}
		size += info.Size()
	}
	if size > limit {
		t.Errorf("%d bytes were recorded", size)
	}
}

// recordPackets has a native peer record the packets that another one sends over
// and over, until it is enough, and returns how the recording ends.
func recordPackets(t *testing.T, mime string, enough func(dir string) bool, packets ...rtp.Packet) (name string, err error) {
	t.Helper()
	withoutDetector(t)
	w := newWorld(t)
	sender := w.native(demoRoom, "polite", false)
	dir := t.TempDir()
	recorder := media.NewRecorder(dir, 1e9)
	type result struct {
		name string
		err  error
	}
	ended := make(chan result, 1)
	w.native(demoRoom, "impolite", true, func(_ *peer.Peer, from string, track peer.RemoteTrack) {
		name, err := recorder.Record(from, track)
		ended <- result{name, err}
	})
	track, err := webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: mime}, "packets", "packets")
	if err != nil {
		t.Fatal(err)
	}
	sender.p.Publish("", "packets", track)
	deadline := time.After(patience)
	next := time.NewTicker(100 * time.Microsecond)
	defer next.Stop()
	for n := 0; ; n++ {
		packet := packets[n%len(packets)]
		packet.Version, packet.SequenceNumber, packet.Timestamp = 2, uint16(n), uint32(n)
		_ = track.WriteRTP(&packet) // an error is the end
		select {
		case r := <-ended:
			return r.name, r.err
		case <-deadline:
			t.Fatal("the recording does not end")
		case <-next.C:
		}
		if enough(dir) {
			sender.p.Unpublish("", "packets")
		}
	}
}

// A recording goes on after packets of VP8 without a picture in them.
func TestRecordHollowPackets(t *testing.T) {
	t.Parallel()
	picture := []byte{0x10, 0, 1, 2}
	good := rtp.Packet{Header: rtp.Header{Marker: true}, Payload: picture}
	for _, hollow := range [][]byte{{0x10}, {0x80}, {0x80, 0}, {}} {
		t.Run(fmt.Sprintf("%x", hollow), func(t *testing.T) {
			bad := rtp.Packet{Header: rtp.Header{Marker: true}, Payload: hollow}
			name, err := recordPackets(t, webrtc.MimeTypeVP8, func(dir string) bool {
				files, _ := filepath.Glob(filepath.Join(dir, "*"))
				if len(files) == 0 {
					return false
				}
				info, err := os.Stat(files[0])
				return err == nil && info.Size() > 2048
			}, bad, good)
			if err != nil {
				t.Fatal(err)
			}
			ivf, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			checkPictures(t, ivf)
		})
	}
}

// A recording ends when a picture does not.
func TestRecordEndlessPicture(t *testing.T) {
	t.Parallel()
	const marker = true
	packet := func(marker bool, head ...byte) rtp.Packet {
		return rtp.Packet{Header: rtp.Header{Marker: marker}, Payload: append(head, make([]byte, 1100)...)}
	}
	for _, row := range []struct {
		name, mime string
		packets    []rtp.Packet
	}{
		{"VP8", webrtc.MimeTypeVP8, []rtp.Packet{packet(!marker, 0x10)}},
		{"VP8 with a marker on nothing", webrtc.MimeTypeVP8, []rtp.Packet{
			packet(!marker, 0x10), {Header: rtp.Header{Marker: marker}, Payload: []byte{0x10}},
		}},
		{"VP9", webrtc.MimeTypeVP9, []rtp.Packet{packet(!marker, 0x08)}},
		{"AV1", webrtc.MimeTypeAV1, []rtp.Packet{packet(!marker, 0x18, 0x08)}},
		{"AV1 in one OBU", webrtc.MimeTypeAV1, []rtp.Packet{packet(marker, 0xd0, 0x08)}},
	} {
		t.Run(row.name, func(t *testing.T) {
			name, err := recordPackets(t, row.mime, func(string) bool { return false }, row.packets...)
			if !errors.Is(err, media.ErrEndless) || name == "" {
				t.Errorf("the recording of %q ends with %v", name, err)
			}
		})
	}
}

package main

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

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

// checkRecordings looks whether what was recorded is whole.
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
	withoutDetector(t)
	w := newWorld(t)
	tab := w.mediaTab("/r/record")
	dir := t.TempDir()
	p := startPeer(t, w, "--room", "record", "--media", "record", dir)
	tab.play(true)
	tab.microphone()
	awaitRecordings(t, dir, tab)
	p.cancel()
	if err := p.end(); err != nil {
		t.Error(err)
	}
	checkRecordings(t, dir)
	nothingSurfaced(t, tab)
}

// TestRecordNative has a native peer write what another one sends to files.
func TestRecordNative(t *testing.T) {
	w := newWorld(t)
	n := w.mediaNative("record", "")
	dir := filepath.Join(t.TempDir(), "made", "for", "it")
	p := startPeer(t, w, "--room", "record", "--media", "record", dir)
	n.play(true)
	awaitRecordings(t, dir, n)
	p.write("/quit")
	if err := p.end(); err != nil {
		t.Error(err)
	}
	checkRecordings(t, dir)
	p.expectLog("Recorded " + dir)
	nothingSurfaced(t, n)
}

// TestRecordLimit has a native peer write no more than it may.
func TestRecordLimit(t *testing.T) {
	const limit = 150_000 // two files, and a second
	w := newWorld(t)
	n := w.mediaNative(demoRoom, "polite")
	dir := t.TempDir()
	recorder := media.NewRecorder(dir, limit)
	full := make(chan error, 2)
	w.native(demoRoom, "impolite", true, func(from string, track peer.RemoteTrack) {
		_, err := recorder.Record(from, track)
		full <- err
	})
	n.play(true)
	for range 2 {
		select {
		case err := <-full:
			if !errors.Is(err, media.ErrFull) {
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

package terminal

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestCreate(t *testing.T) {
	dir := t.TempDir()
	name, link := filepath.Join(dir, "file"), filepath.Join(dir, "link")
	s, err := Create(name, func(err error) { t.Error(err) })
	if err != nil {
		t.Fatal(err)
	}
	for range 1000 {
		if _, err := s.Write([]byte("line\n")); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(name)
	if err != nil || !bytes.Equal(text, bytes.Repeat([]byte("line\n"), 1000)) {
		t.Errorf("%d bytes are written, %v", len(text), err)
	}
	if info, err := os.Stat(name); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("its mode is %v, %v", info.Mode(), err)
	}
	if err := os.Symlink(name, link); err != nil {
		t.Fatal(err)
	}
	for _, there := range []string{name, link, dir} {
		if _, err := Create(there, nil); err == nil {
			t.Errorf("%s is overwritten", there)
		}
	}
}

// fullDisk accepts some writes, then fails.
type fullDisk struct{ takes int }

var errFull = errors.New("no space left on device")

func (d *fullDisk) Write(text []byte) (int, error) {
	if d.takes--; d.takes < 0 {
		return 0, errFull
	}
	return len(text), nil
}

func (d *fullDisk) Close() error { return nil }

// A full disk is reported once, and blocks nothing.
func TestFullDisk(t *testing.T) {
	told := make(chan error, 10)
	s := spool(&fullDisk{}, func(err error) { told <- err })
	_, _ = s.Write([]byte("line\n"))
	if err := <-told; !errors.Is(err, errFull) {
		t.Errorf("it tells %v", err)
	}
	if _, err := s.Write([]byte("line\n")); !errors.Is(err, errFull) {
		t.Errorf("it goes on: %v", err)
	}
	if err := s.Close(); !errors.Is(err, errFull) || len(told) > 0 {
		t.Errorf("it ends with %v, and is told %d times more", err, len(told))
	}
}

// slowDisk accepts nothing until it is released.
type slowDisk struct{ goes chan struct{} }

func (d slowDisk) Write(text []byte) (int, error) { <-d.goes; return len(text), nil }
func (d slowDisk) Close() error                   { return nil }

// The text that waits for a slow disk is bounded.
func TestSlowDisk(t *testing.T) {
	told := make(chan error, 10)
	disk := slowDisk{make(chan struct{})}
	s := spool(disk, func(err error) { told <- err })
	text, err := make([]byte, 1<<20), error(nil)
	for n := 0; err == nil; n++ {
		if _, err = s.Write(text); n > 2*maxSpooled/len(text) {
			t.Fatal("it takes all")
		}
	}
	close(disk.goes)
	if err := <-told; !errors.Is(err, errSlow) {
		t.Errorf("it tells %v", err)
	}
	if err := s.Close(); !errors.Is(err, errSlow) {
		t.Errorf("it ends with %v", err)
	}
}

package terminal

import (
	"sync"
	"testing"
	"testing/synctest"

	"perfect-negotiation/negotiation/peer"
	"perfect-negotiation/negotiation/signaling"
)

// The stage closes only when the work on tracks is done, and no work begins after
// that.
func TestStageWaitsForTracks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &stage{}
		if !s.begin() {
			t.Fatal("nothing can begin")
		}
		closed := make(chan struct{})
		go func() {
			s.close()
			close(closed)
		}()
		synctest.Wait()
		select {
		case <-closed:
			t.Error("it is closed while a track is recorded")
		default:
		}
		if s.begin() {
			t.Error("another one begins")
		}
		s.tracks.Done()
		<-closed
	})
}

// The user may still type when the peer ends.
func TestStageIsClosedMeanwhile(t *testing.T) {
	p, err := peer.Join(t.Context(), peer.Config{Options: signaling.Options{Server: "http://127.0.0.1:1", Room: "nowhere"}})
	if err != nil {
		t.Fatal(err)
	}
	s := newStage("", nil, t.Logf)
	if err := s.join(p); err != nil {
		t.Fatal(err)
	}
	var typed sync.WaitGroup
	for range 10 {
		typed.Go(func() {
			if err := s.on(); err != nil {
				t.Error(err)
			}
			s.off()
		})
	}
	s.close()
	typed.Wait()
	if err := s.on(); err != nil || s.player != nil {
		t.Errorf("it plays after the end, error %v", err)
	}
	p.Close()
	<-p.Done()
}

//go:build !js

package negotiation

import (
	"testing"

	"github.com/pion/webrtc/v4"
)

// TestAttachAgain attaches to a connection whose last Session has not ended.
func TestAttachAgain(t *testing.T) {
	pc, err := webrtc.NewPeerConnection(webrtc.Configuration{})
	must(t, err)
	defer pc.Close()
	before, err := Attach(pc, Impolite, func(Message) error { return nil })
	must(t, err)
	busy, free := make(chan struct{}), make(chan struct{})
	go before.Do(func() error {
		close(busy)
		<-free
		return nil
	})
	<-busy
	before.Close()
	gathered := make(chan struct{})
	s, err := Attach(pc, Impolite, func(m Message) error {
		if m.Description == nil && m.Candidate == nil { // the end of candidates
			close(gathered)
		}
		return nil
	})
	must(t, err)
	close(free)
	<-before.Done()
	must(t, s.Do(func() error { _, err := pc.CreateDataChannel("data", nil); return err }))
	<-gathered
	s.Close()
	<-s.Done()
}

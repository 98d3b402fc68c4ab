//go:build !js

package call

import (
	"errors"
	"testing"
	"time"

	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation"
	"perfect-negotiation/negotiation/signaling"
	"perfect-negotiation/negotiation/trace"
)

// Both sides offer at once over signalling that loses a fifth, repeats a fifth and
// reorders all, sixty times.
func TestBadSignaling(t *testing.T) {
	inWorld(t, func(w *world) {
		w.worse.Store(true)
		polite := w.begin(negotiation.Polite)
		time.Sleep(time.Minute) // what is offered while nobody is there would be lost
		impolite := w.begin(negotiation.Impolite)
		w.talk(polite, impolite)
		for n := range 30 {
			for _, p := range []*party{polite, impolite} {
				p.call.Renegotiate()
				if n%10 > 0 {
					continue
				}
				err := p.call.Do(func(pc *webrtc.PeerConnection) error {
					_, err := pc.AddTransceiverFromKind(webrtc.RTPCodecTypeVideo)
					return err
				})
				if err != nil {
					t.Fatalf("%v\n%s\n%s", err, polite.log(), impolite.log())
				}
			}
			time.Sleep(2 * time.Second)
		}
		for _, p := range []*party{polite, impolite} {
			p.await("all is negotiated", func() bool {
				pc := p.call.connection().pc
				return pc.SignalingState() == webrtc.SignalingStateStable && len(pc.GetTransceivers()) == 6
			})
			if n := p.count(trace.Paired); n != 1 {
				t.Errorf("%s has had %d connections:\n%s", p.role, n, p.log())
			}
		}
		if polite.count(trace.CollisionRollback) == 0 {
			t.Error("nothing has collided")
		}
		w.talk(polite, impolite)
	})
}

// A side that leaves, or dies, and comes back finds the other, whatever is still on its
// way.
func TestAnotherLife(t *testing.T) {
	for name, dies := range map[string]bool{"it leaves": false, "it dies": true} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				w.worse.Store(true)
				polite, impolite := w.begin(negotiation.Polite), w.begin(negotiation.Impolite)
				w.talk(polite, impolite)
				for range 3 {
					w.parted.Store(dies)
					impolite.close()
					w.parted.Store(false)
					impolite = w.begin(negotiation.Impolite)
					w.talk(polite, impolite)
				}
				if err := impolite.call.Err(); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// A lost network is restored by one restart of the impolite side; if that does not help, a
// new connection is made when the network is back.
func TestNetworkLost(t *testing.T) {
	for name, row := range map[string]struct {
		lost        time.Duration
		connections int
	}{
		"for a while": {15 * time.Second, 1},
		"for long":    {2 * time.Minute, 2},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				polite, impolite := w.begin(negotiation.Polite), w.begin(negotiation.Impolite)
				w.talk(polite, impolite)
				w.down.Store(true)
				w.parted.Store(row.connections > 1)
				time.Sleep(row.lost)
				w.down.Store(false)
				w.parted.Store(false)
				for _, p := range []*party{polite, impolite} {
					p.await("it is connected again", func() bool { return p.count(trace.Connected) == 2 })
					if n := p.count(trace.Paired); n != row.connections {
						t.Errorf("%s has had %d connections:\n%s", p.role, n, p.log())
					}
				}
				w.talk(polite, impolite)
				if n := polite.count(trace.Restart); n > 0 {
					t.Errorf("the polite side has restarted %d times", n)
				}
			})
		})
	}
}

// RestartICE is the impolite side's, whoever wants it.
func TestRestartICE(t *testing.T) {
	inWorld(t, func(w *world) {
		polite, impolite := w.begin(negotiation.Polite), w.begin(negotiation.Impolite)
		w.talk(polite, impolite)
		for i, p := range []*party{polite, impolite} {
			p.call.RestartICE()
			impolite.await("it restarts", func() bool { return impolite.count(trace.Restarting) == i+1 })
		}
		w.talk(polite, impolite)
		if n := polite.count(trace.Restarting); n > 0 {
			t.Errorf("the polite side has restarted %d times", n)
		}
	})
}

// A connection that the application closes is replaced.
func TestClosedByTheApplication(t *testing.T) {
	inWorld(t, func(w *world) {
		polite, impolite := w.begin(negotiation.Polite), w.begin(negotiation.Impolite)
		w.talk(polite, impolite)
		if err := polite.call.connection().pc.Close(); err != nil {
			t.Fatal(err)
		}
		for _, p := range []*party{polite, impolite} {
			p.await("there is another", func() bool { return p.count(trace.Connected) == 2 })
		}
		w.talk(polite, impolite)
	})
}

// Connections that cannot be made, or that fail one after the other, end the call.
func TestFails(t *testing.T) {
	broken := errors.New("no connections today")
	inWorld(t, func(w *world) {
		w.begin(negotiation.Polite)
		c, err := New(negotiation.Impolite, func() (*webrtc.PeerConnection, error) { return nil, broken }, func(frame []byte) error {
			w.carry(0, frame)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		w.mu.Lock()
		w.parties[1] = &party{call: c}
		w.mu.Unlock()
		<-c.Done()
		if err := c.Err(); !errors.Is(err, ErrFailed) || !errors.Is(err, broken) {
			t.Errorf("it ends with %v", err)
		}
	})
}

// A description that no frame can hold ends the call: another connection would have the
// same.
func TestTooLarge(t *testing.T) {
	inWorld(t, func(w *world) {
		polite, impolite := w.begin(negotiation.Polite), w.begin(negotiation.Impolite)
		w.talk(polite, impolite)
		err := polite.call.Do(func(pc *webrtc.PeerConnection) error {
			for range 100 {
				if _, err := pc.AddTransceiverFromKind(webrtc.RTPCodecTypeVideo); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		<-polite.call.Done()
		if err := polite.call.Err(); !errors.Is(err, ErrFailed) || !errors.Is(err, signaling.ErrTooLarge) {
			t.Errorf("it ends with %v", err)
		}
	})
}

// What is no frame, or comes by the thousand, does no harm.
func TestHostileFrames(t *testing.T) {
	inWorld(t, func(w *world) {
		polite, impolite := w.begin(negotiation.Polite), w.begin(negotiation.Impolite)
		w.talk(polite, impolite)
		huge := make([]byte, 1<<20)
		for range 2000 {
			for _, frame := range [][]byte{nil, []byte("{"), huge, []byte(`{"s":"other","hello":{}}`), []byte(`{"s":"x","r":"y","ack":7,"bye":true}`)} {
				polite.call.Receive(frame)
			}
		}
		polite.call.mu.Lock()
		n := len(polite.call.queue)
		polite.call.mu.Unlock()
		if n > maxReceived+10 {
			t.Errorf("%d frames wait", n)
		}
		w.talk(polite, impolite)
		if n = polite.count(trace.Paired); n != 1 {
			t.Errorf("there were %d connections", n)
		}
		polite.call.Receive([]byte(`{"s":"x","hello":{"protocol":0}}`))
		<-polite.call.Done()
		if err := polite.call.Err(); !errors.Is(err, ErrProtocol) {
			t.Errorf("it ends with %v", err)
		}
	})
}

// An application is told what can never work, and what cannot be now.
func TestErrors(t *testing.T) {
	if _, err := New("shy", nil, nil); !errors.Is(err, negotiation.ErrRole) {
		t.Errorf("%v", err)
	}
	c, err := New(negotiation.Polite, nil, func([]byte) error { return signaling.ErrNotConnected })
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Do(nil); !errors.Is(err, ErrNone) {
		t.Errorf("%v", err)
	}
	if err := c.Err(); err != nil {
		t.Errorf("%v", err)
	}
	c.Close()
	<-c.Done()
	if err := c.Err(); !errors.Is(err, ErrClosed) {
		t.Errorf("%v", err)
	}
	c.Receive([]byte("{}"))
	c.Again()
	if len(c.queue) > 0 {
		t.Error("it still takes work")
	}
}

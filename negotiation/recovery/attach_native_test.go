//go:build !js

package recovery

import (
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/logging"
	"github.com/pion/transport/v5/vnet"
	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation"
	"perfect-negotiation/negotiation/trace"
)

// side is an application that uses Attach.
type side struct {
	role     negotiation.Role
	pc       *webrtc.PeerConnection
	session  *Session
	messages chan func() // to the other side, in order
	broken   atomic.Bool // none can be sent

	mu       sync.Mutex
	kinds    []trace.Kind
	state    webrtc.PeerConnectionState
	replaced []trace.Code
}

func (s *side) count(kind trace.Kind) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, k := range s.kinds {
		if k == kind {
			n++
		}
	}
	return n
}

func (s *side) is(state webrtc.PeerConnectionState) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state == state
}

func (s *side) replacements() []trace.Code {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.replaced)
}

// attached runs f with two sides that are connected, over a network that may go down.
func attached(t *testing.T, f func(t *testing.T, down *atomic.Bool, polite, impolite *side)) {
	synctest.Test(t, func(t *testing.T) {
		router, err := vnet.NewRouter(&vnet.RouterConfig{CIDR: "10.0.0.0/24", MinDelay: 20 * time.Millisecond, LoggerFactory: logging.NewDefaultLoggerFactory()})
		if err != nil {
			t.Fatal(err)
		}
		var down atomic.Bool
		router.AddChunkFilter(func(vnet.Chunk) bool { return !down.Load() })
		sides := [2]*side{{role: negotiation.Polite}, {role: negotiation.Impolite}}
		var networks [2]*vnet.Net
		for i, s := range sides {
			if networks[i], err = vnet.NewNet(&vnet.NetConfig{}); err != nil {
				t.Fatal(err)
			}
			if err := router.AddNet(networks[i]); err != nil {
				t.Fatal(err)
			}
			s.messages = make(chan func(), 64)
		}
		if err := router.Start(); err != nil {
			t.Fatal(err)
		}
		for i, s := range sides {
			engine := webrtc.SettingEngine{}
			engine.SetNet(networks[i])
			engine.DisableCloseByDTLS(true)
			engine.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
			if s.pc, err = webrtc.NewAPI(webrtc.WithSettingEngine(engine)).NewPeerConnection(webrtc.Configuration{}); err != nil {
				t.Fatal(err)
			}
			s.pc.OnDataChannel(func(*webrtc.DataChannel) {})
			if _, err := s.pc.CreateDataChannel("a", nil); err != nil {
				t.Fatal(err)
			}
			other := sides[1-i]
			s.session, err = Attach(s.pc, s.role, func(m negotiation.Message) error {
				if s.broken.Load() {
					return errors.New("the line is dead")
				}
				s.messages <- func() { _ = other.session.Receive(m) }
				return nil
			}, Hooks{
				Ask: func() { s.messages <- func() { other.session.Asked() } },
				Replace: func(why trace.Code) {
					s.mu.Lock()
					defer s.mu.Unlock()
					s.replaced = append(s.replaced, why)
				},
				Trace: func(e trace.Event) {
					s.mu.Lock()
					defer s.mu.Unlock()
					s.kinds = append(s.kinds, e.Kind)
				},
			})
			if err != nil {
				t.Fatal(err)
			}
			s.pc.OnConnectionStateChange(func(state webrtc.PeerConnectionState) {
				s.mu.Lock()
				s.state = state
				s.mu.Unlock()
				s.session.StateChanged(state)
			})
		}
		var signaling sync.WaitGroup
		for _, s := range sides {
			signaling.Go(func() {
				for deliver := range s.messages {
					deliver()
				}
			})
		}
		for _, s := range sides {
			await(t, "it is connected", func() bool { return s.is(connected) })
		}
		f(t, &down, sides[0], sides[1])
		for _, s := range sides {
			s.session.Close()
			<-s.session.Done()
			if err := s.pc.Close(); err != nil {
				t.Error(err)
			}
			close(s.messages)
		}
		signaling.Wait()
		if err := router.Stop(); err != nil {
			t.Error(err)
		}
	})
}

// await waits for minutes if need be.
func await(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Minute); !ok(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("never: " + what)
		}
	}
}

// A network that is lost for 10 s: the polite peer asks, the impolite one restarts, and
// both are connected again.
func TestAttachRestarts(t *testing.T) {
	attached(t, func(t *testing.T, down *atomic.Bool, polite, impolite *side) {
		down.Store(true)
		for _, s := range []*side{polite, impolite} {
			await(t, "it is disconnected", func() bool { return s.is(disconnected) })
		}
		time.Sleep(4 * time.Second)
		down.Store(false)
		for _, s := range []*side{polite, impolite} {
			await(t, "it is connected again", func() bool { return s.is(connected) })
			if got := s.replacements(); len(got) > 0 {
				t.Errorf("%s is to be replaced: %v", s.role, got)
			}
		}
		if asked, restarted := polite.count(trace.RestartAsked), polite.count(trace.Restarting); asked == 0 || restarted > 0 {
			t.Errorf("the polite peer has asked %d times, and restarted %d times", asked, restarted)
		}
		if impolite.count(trace.Restarting) == 0 {
			t.Error("the impolite peer has not restarted")
		}
	})
}

// A network that is lost for good: each side is told once that only a new connection helps.
func TestAttachReplaces(t *testing.T) {
	attached(t, func(t *testing.T, down *atomic.Bool, polite, impolite *side) {
		down.Store(true)
		time.Sleep(10 * time.Minute)
		for _, s := range []*side{polite, impolite} {
			if got, want := s.replacements(), []trace.Code{trace.RestartsInVain}; !slices.Equal(got, want) {
				t.Errorf("%s is to be replaced: %v", s.role, got)
			}
		}
	})
}

// A Session that cannot go on says so, too; one that is closed does not.
func TestAttachEnds(t *testing.T) {
	attached(t, func(t *testing.T, _ *atomic.Bool, polite, impolite *side) {
		polite.broken.Store(true)
		polite.session.Renegotiate()
		impolite.session.Close()
		for _, s := range []*side{polite, impolite} {
			<-s.session.Done()
		}
		synctest.Wait()
		if want := []trace.Code{trace.Wedged}; !slices.Equal(polite.replacements(), want) || len(impolite.replacements()) > 0 {
			t.Errorf("they are to be replaced: %v and %v", polite.replacements(), impolite.replacements())
		}
	})
}

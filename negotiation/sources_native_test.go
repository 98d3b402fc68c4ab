//go:build !js

package negotiation

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/interceptor"
	"github.com/pion/logging"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/transport/v5/vnet"
	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation/trace"
)

// newSources gives each packet that is sent a source of its own.
type newSources struct {
	interceptor.NoOp
	next uint32 // 0: packets keep theirs
}

func (n *newSources) NewInterceptor(string) (interceptor.Interceptor, error) { return n, nil }

func (n *newSources) BindLocalStream(_ *interceptor.StreamInfo, w interceptor.RTPWriter) interceptor.RTPWriter {
	return interceptor.RTPWriterFunc(func(h *rtp.Header, payload []byte, a interceptor.Attributes) (int, error) {
		if n.next > 0 {
			n.next++
			h.SSRC = n.next
		}
		return w.Write(h, payload, a)
	})
}

// flood is a connection whose other side may send from ever new sources.
type flood struct {
	sources  *newSources
	attacker *webrtc.PeerConnection
	track    *webrtc.TrackLocalStaticRTP
	victim   *Session
	log      strings.Builder // of the victim's connection
	tracks   atomic.Int32
}

func (n *network) flood(guard *Guard) *flood {
	n.t.Helper()
	other, err := vnet.NewNet(&vnet.NetConfig{})
	if err != nil {
		n.t.Fatal(err)
	}
	if err := n.router.AddNet(other); err != nil {
		n.t.Fatal(err)
	}
	f := &flood{sources: &newSources{}}
	var sessions [2]*Session
	for i, role := range []Role{Polite, Impolite} {
		engine := webrtc.SettingEngine{}
		engine.SetNet([]*vnet.Net{other, n.victim}[i])
		engine.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
		engine.DisableCloseByDTLS(true) // see the world of package peer
		interceptors := &interceptor.Registry{}
		var options []Option
		if role == Polite {
			interceptors.Add(f.sources)
		} else {
			logger := logging.NewDefaultLoggerFactory()
			logger.Writer = trace.PacedWriter(10, &f.log)
			engine.LoggerFactory = logger
			guard.Protect(&engine)
			options = append(options, WithGuard(guard))
		}
		media := &webrtc.MediaEngine{}
		if err := media.RegisterDefaultCodecs(); err != nil {
			n.t.Fatal(err)
		}
		pc, err := webrtc.NewAPI(webrtc.WithSettingEngine(engine), webrtc.WithMediaEngine(media), webrtc.WithInterceptorRegistry(interceptors)).NewPeerConnection(webrtc.Configuration{})
		if err != nil {
			n.t.Fatal(err)
		}
		if sessions[i], err = Attach(pc, role, func(m Message) error { return sessions[1-i].Receive(m) }, options...); err != nil {
			n.t.Fatal(err)
		}
		n.t.Cleanup(func() {
			sessions[i].Close()
			<-sessions[i].Done()
			_ = pc.Close()
			synctest.Wait()
		})
		if role == Polite {
			f.attacker = pc
		} else {
			pc.OnTrack(func(*webrtc.TrackRemote, *webrtc.RTPReceiver) { f.tracks.Add(1) })
		}
	}
	f.victim = sessions[1]
	if f.track, err = webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeVP8}, "video", "video"); err != nil {
		n.t.Fatal(err)
	}
	connected := make(chan struct{})
	f.attacker.OnConnectionStateChange(func(s webrtc.PeerConnectionState) {
		if s == webrtc.PeerConnectionStateConnected {
			close(connected)
		}
	})
	if err := sessions[0].Do(func() error {
		_, err := f.attacker.AddTrack(f.track)
		return err
	}); err != nil {
		n.t.Fatal(err)
	}
	<-connected
	time.Sleep(time.Second)
	return f
}

// send sends a packet of media.
func (f *flood) send(n int) {
	_ = f.track.WriteRTP(&rtp.Packet{Header: rtp.Header{Version: 2, SequenceNumber: uint16(n)}, Payload: []byte{0x10, 0}})
}

// TestSourcesAreNoWeapon has the other side send each packet from another source.
func TestSourcesAreNoWeapon(t *testing.T) {
	const packets = 4000
	for name, attack := range map[string]func(f *flood, n int){
		"RTP": func(f *flood, n int) { f.send(n) },
		"RTCP": func(f *flood, n int) {
			_ = f.attacker.WriteRTCP([]rtcp.Packet{&rtcp.PictureLossIndication{MediaSSRC: uint32(n)}})
		},
	} {
		t.Run(name, func(t *testing.T) {
			before := heap()
			synctest.Test(t, func(t *testing.T) {
				f := newNetwork(t).flood(NewGuard(CandidateRules{}))
				f.send(0)
				f.sources.next = 1000
				sent := 1
				for ; f.victim.Err() == nil && sent < packets; sent++ {
					attack(f, sent)
					time.Sleep(time.Millisecond)
				}
				if err := f.victim.Err(); !errors.Is(err, ErrFlood) || sent > 2*maxSources {
					t.Errorf("after %d packets: %v", sent, err)
				}
				for ; sent < packets; sent++ { // until its connection is closed
					attack(f, sent)
				}
				time.Sleep(time.Minute)
				synctest.Wait()
				if lines := strings.Count(f.log.String(), "\n"); lines > 10+10+1 {
					t.Errorf("its log has %d lines", lines)
				}
			})
			if grown := heap() - before; grown > 4<<20 {
				t.Errorf("%d KB are kept afterwards", grown>>10)
			}
		})
	}
}

// heap returns the size of what is in use.
func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// A few sources that nobody has announced, and many that were, are no flood.
func TestSourcesThatAreNoFlood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newNetwork(t).flood(NewGuard(CandidateRules{}))
		f.sources.next = 1000
		for n := range maxSources {
			f.send(n)
			time.Sleep(time.Millisecond)
		}
		f.sources.next = 0
		f.send(maxSources)
		time.Sleep(time.Minute)
		if err := f.victim.Err(); err != nil || f.tracks.Load() != 1 {
			t.Errorf("there are %d tracks, and the Session ends with %v", f.tracks.Load(), err)
		}
	})
}

// Whether there are too many sources is decided by a look that begins after the last of
// them came: an earlier one has not seen their tracks.
func TestSourcesAreJudgedLast(t *testing.T) {
	pc, err := webrtc.NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		t.Fatal(err)
	}
	defer pc.Close()
	s := &sourceCount{most: 1, judging: true} // as if judge were about to look
	floods := 0
	s.watch(pc, func() { floods++ })
	defer s.forget()
	s.comes(1)
	if s.comes(2) {
		t.Error("a source is kept that is one too many")
	}
	s.look()
	if floods != 0 {
		t.Error("a look that began before is the judge")
	}
	s.judge()
	s.judge()
	if floods != 1 {
		t.Errorf("%d floods", floods)
	}
}

func TestSourceCount(t *testing.T) {
	const most, cameras = 64, 500
	s := &sourceCount{most: most}
	for n := range uint32(cameras) { // each with another one for repair
		s.announce(fmt.Sprintf("v=0\r\na=ssrc:%d cname:a\r\na=ssrc:%d\r\na=ssrc:none\r\n", 2*n+1, 2*n+2))
		if !s.comes(2*n+1) || !s.comes(2*n+2) {
			t.Fatalf("camera %d is not seen", n)
		}
	}
	for n := range uint32(cameras) {
		if !s.comes(2*n + 1) {
			t.Fatalf("late packets of camera %d are a flood", n)
		}
	}
	const others = 1 << 20
	for n := range uint32(most) {
		if !s.comes(others + n) {
			t.Fatalf("source %d is one too many", n)
		}
	}
	if s.comes(others+most) || !s.comes(others) {
		t.Error("one more is taken, or one of before is not")
	}
	s.announce("a=ssrc:1048576")
	if !s.comes(others + most) {
		t.Error("one that was announced late still counts")
	}
	for n := range uint32(2 * maxAnnounced) {
		s.announce(fmt.Sprintf("a=ssrc:%d", n))
		s.comes(1<<30 + n)
	}
	if len(s.announced) > maxAnnounced || len(s.unknown) > most {
		t.Errorf("%d announced sources are remembered, and %d others", len(s.announced), len(s.unknown))
	}
	s.forget()
}

//go:build !js

package transporttest

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation"
)

// Party is one side of an application.
type Party struct {
	// Receive takes a frame that the other side has sent.
	Receive func(frame []byte)
	// Do changes the connection, or looks at it, as the application does: in
	// negotiation.Session.Do, for one. An error means that there is none yet.
	Do func(func(*webrtc.PeerConnection) error) error
	// Close ends it, with its connection.
	Close func()
}

// Application says what [TestApplication] tests.
type Application struct {
	// Start begins one side. send carries a frame to the other side, in order and
	// without loss, unless Lossy is set. It does not block.
	Start func(role negotiation.Role, send func(frame []byte)) (Party, error)
	// Lossy says that the application makes up for signalling that loses, repeats and
	// reorders a fifth of the frames.
	Lossy bool
	// IsOffer reports whether a frame has an offer in it; nil: whether there is SDP.
	IsOffer func(frame []byte) bool
}

const (
	crossWithin = 5 * time.Second  // for both offers to be made
	settles     = 10 * time.Second // for what has collided
	settlesLate = 20 * time.Second // the same where frames are lost
	collisions  = 6
)

// TestApplication has the two sides of an application change their connection at the
// same moment, several times: what they send is held until both offers are there, so
// that they cross, and then goes on in one order or the other. It returns an error if a
// change does not arrive, or if the two sides do not agree on all of it in the end. An
// application of which only one side ever makes offers passes, too.
func TestApplication(app Application) error {
	l := &line{app: app, settles: settles, random: rand.New(rand.NewPCG(1, 2))}
	if app.Lossy {
		l.settles = settlesLate
	}
	if app.IsOffer == nil {
		l.app.IsOffer = func(frame []byte) bool { return bytes.Contains(frame, []byte("v=0")) }
	}
	defer l.close()
	for i, role := range []negotiation.Role{negotiation.Polite, negotiation.Impolite} {
		p, err := app.Start(role, func(frame []byte) { l.send(i, frame) })
		if err != nil {
			return fmt.Errorf("the %s side does not start: %w", role, err)
		}
		l.begin(i, p)
	}
	if err := l.channel(); err != nil {
		return fmt.Errorf("the first offers: %w", err)
	}
	for n := range collisions {
		if err := l.media(n); err != nil {
			return fmt.Errorf("collision %d, of added media: %w", n+1, err)
		}
	}
	return l.talk()
}

// line is what carries frames between the two sides.
type line struct {
	app      Application
	settles  time.Duration // the time for what has collided
	parties  [2]Party
	channels [2]*webrtc.DataChannel
	heard    [2]chan string
	goes     sync.WaitGroup

	mu      sync.Mutex
	random  *rand.Rand
	queues  [2]chan []byte // to each side; nil: it is not there yet, or no more
	holding bool           // frames wait
	held    [2][][]byte    // from each side
	offered [2]bool        // an offer of this side waits
	crossed *sync.Cond     // offered has changed
}

func (l *line) begin(i int, p Party) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.crossed == nil {
		l.crossed = sync.NewCond(&l.mu)
	}
	queue := make(chan []byte, 1000)
	l.parties[i], l.queues[i], l.heard[i] = p, queue, make(chan string, 100)
	l.goes.Go(func() {
		for frame := range queue {
			p.Receive(frame)
		}
	})
	early := l.held[1-i]
	l.held[1-i] = nil
	for _, frame := range early {
		l.pass(1-i, frame)
	}
}

func (l *line) close() {
	l.mu.Lock()
	var open []chan []byte
	for i, queue := range l.queues {
		if l.queues[i] = nil; queue != nil {
			open = append(open, queue)
		}
	}
	l.mu.Unlock()
	for _, p := range l.parties {
		if p.Close != nil {
			p.Close()
		}
	}
	for _, queue := range open {
		close(queue)
	}
	l.goes.Wait()
}

// send takes a frame of side i.
func (l *line) send(i int, frame []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.holding || l.parties[1-i].Receive == nil {
		l.held[i] = append(l.held[i], frame)
		if l.app.IsOffer(frame) && l.crossed != nil {
			l.offered[i] = true
			l.crossed.Broadcast()
		}
		return
	}
	l.pass(i, frame)
}

// pass carries a frame of side i to the other. The caller has the mutex.
func (l *line) pass(i int, frame []byte) {
	copies := 1
	if l.app.Lossy {
		switch n := l.random.IntN(10); {
		case n < 2:
			copies = 0
		case n < 4:
			copies = 2
		}
	}
	for range copies {
		if !l.app.Lossy {
			l.put(i, frame)
			continue
		}
		delay := time.Duration(l.random.Int64N(int64(100 * time.Millisecond)))
		l.goes.Go(func() {
			time.Sleep(delay)
			l.mu.Lock()
			defer l.mu.Unlock()
			l.put(i, frame)
		})
	}
}

func (l *line) put(i int, frame []byte) {
	select {
	case l.queues[1-i] <- frame: // never, if it is nil
	default: // nobody takes it
	}
}

// collide has both sides change something, and their offers cross. first is the side
// whose offer arrives first.
func (l *line) collide(first int, change func(i int, pc *webrtc.PeerConnection) error) error {
	l.mu.Lock()
	l.holding, l.offered = true, [2]bool{}
	l.mu.Unlock()
	var changes sync.WaitGroup
	var errs [2]error
	for i := range l.parties {
		changes.Go(func() {
			errs[i] = l.do(i, func(pc *webrtc.PeerConnection) error { return change(i, pc) })
		})
	}
	late := time.AfterFunc(crossWithin, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.offered = [2]bool{true, true} // only one side makes offers, or asks the other for them
		l.crossed.Broadcast()
	})
	defer late.Stop()
	l.mu.Lock()
	for l.offered != [2]bool{true, true} {
		l.crossed.Wait()
	}
	l.holding = false
	for _, i := range []int{first, 1 - first} {
		frames := l.held[i]
		l.held[i] = nil
		for _, frame := range frames {
			l.pass(i, frame)
		}
	}
	l.mu.Unlock()
	changes.Wait()
	return errors.Join(errs[:]...)
}

// do is Do, as soon as there is a connection.
func (l *line) do(i int, f func(*webrtc.PeerConnection) error) (err error) {
	for deadline := time.Now().Add(l.settles); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		called := false
		err = l.parties[i].Do(func(pc *webrtc.PeerConnection) error {
			called = true
			return f(pc)
		})
		if err == nil || called {
			break
		}
		l.mu.Lock() // it needs the other side for that
		l.holding = false
		l.mu.Unlock()
	}
	return err
}

// channel has both sides open the same data channel.
func (l *line) channel() error {
	opened := make(chan struct{}, 2)
	id, negotiated := uint16(100), true
	err := l.collide(0, func(i int, pc *webrtc.PeerConnection) error {
		dc, err := pc.CreateDataChannel("transporttest", &webrtc.DataChannelInit{ID: &id, Negotiated: &negotiated})
		if err != nil {
			return err
		}
		dc.OnOpen(func() { opened <- struct{}{} })
		dc.OnMessage(func(m webrtc.DataChannelMessage) { l.heard[i] <- string(m.Data) })
		l.channels[i] = dc
		return nil
	})
	if err != nil {
		return err
	}
	timeout := time.After(l.settles)
	for range 2 {
		select {
		case <-opened:
		case <-timeout:
			return fmt.Errorf("they are not connected within %s: %s", l.settles, l.states())
		}
	}
	return l.talk()
}

// talk says something each way.
func (l *line) talk() error {
	for i, dc := range l.channels {
		text := fmt.Sprint(time.Now())
		if err := dc.SendText(text); err != nil {
			return err
		}
		select {
		case got := <-l.heard[1-i]:
			if got != text {
				return fmt.Errorf("on the channel %q comes as %q", text, got)
			}
		case <-time.After(l.settles):
			return errors.New("what is said on the channel does not arrive")
		}
	}
	return nil
}

// media has both sides add a track, and waits until each has the other's.
func (l *line) media(n int) error {
	name := func(i int) string { return fmt.Sprintf("transporttest-%d-%d", i, n) }
	err := l.collide(n%2, func(i int, pc *webrtc.PeerConnection) error {
		kind := webrtc.MimeTypeVP8
		if (n+i)%2 > 0 {
			kind = webrtc.MimeTypeOpus
		}
		track, err := webrtc.NewTrackLocalStaticSample(webrtc.RTPCodecCapability{MimeType: kind}, name(i), name(i))
		if err != nil {
			return err
		}
		_, err = pc.AddTrack(track)
		return err
	})
	if err != nil {
		return err
	}
	for deadline := time.Now().Add(l.settles); ; time.Sleep(10 * time.Millisecond) {
		there := true
		for i := range l.parties {
			_ = l.parties[i].Do(func(pc *webrtc.PeerConnection) error {
				there = there && pc.SignalingState() == webrtc.SignalingStateStable &&
					shows(pc.CurrentRemoteDescription(), name(1-i)) && shows(pc.CurrentLocalDescription(), name(i))
				return nil
			})
		}
		switch {
		case there:
			return nil
		case time.Now().After(deadline):
			return fmt.Errorf("the added tracks are not on both sides within %s: %s", l.settles, l.states())
		}
	}
}

func shows(d *webrtc.SessionDescription, track string) bool {
	return d != nil && strings.Contains(d.SDP, "a=msid:"+track+" ")
}

// states says how the two connections are.
func (l *line) states() string {
	var both []string
	for i, role := range []negotiation.Role{negotiation.Polite, negotiation.Impolite} {
		state := "without a connection"
		_ = l.parties[i].Do(func(pc *webrtc.PeerConnection) error {
			state = pc.SignalingState().String() + " and " + pc.ConnectionState().String()
			return nil
		})
		both = append(both, fmt.Sprintf("the %s side is %s", role, state))
	}
	return strings.Join(both, ", ")
}

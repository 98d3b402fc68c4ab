//go:build !js

package negotiation_test

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation"
	"perfect-negotiation/negotiation/replay"
	"perfect-negotiation/negotiation/trace"
	"perfect-negotiation/negotiation/trace/dump"
)

// tape writes what happens on one side to a file.
type tape struct {
	mu  sync.Mutex
	out bytes.Buffer
	w   *dump.Writer
}

func newTape(t *testing.T, masked bool) *tape {
	r := &tape{}
	var err error
	if r.w, err = dump.NewWriter(&r.out, dump.Header{UserAgent: "test", Masked: masked}); err != nil {
		t.Fatal(err)
	}
	return r
}

func (r *tape) event(e trace.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	e.Peer, e.Life = "other", 1
	_ = r.w.Write(trace.LineOf(e))
}

func (r *tape) input(in trace.Input) {
	r.mu.Lock()
	defer r.mu.Unlock()
	in.Peer, in.Life = "other", 1
	_ = r.w.WriteInput(in)
}

func (r *tape) text() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.out.String()
}

// replayed reads a recording and replays it.
func replayed(text string) (same int, err error) {
	f, err := dump.Read(strings.NewReader(text))
	if err != nil {
		return 0, err
	}
	_, same, err = replay.File(f)
	return same, err
}

// recorded has two peers change their media at random, and collide so many times, and
// returns what each has recorded: the polite one masked.
func recorded(t *testing.T, collisions int) (polite, impolite string) {
	p, i := newSide(t, "polite"), newSide(t, "impolite")
	tapes := map[*side]*tape{p: newTape(t, true), i: newTape(t, false)}
	for _, s := range []*side{p, i} {
		s.options = []negotiation.Option{negotiation.WithInputs(tapes[s].input)}
		s.tell = tapes[s].event
	}
	p.attach(i)
	i.attach(p)
	p.connect("data")
	i.channel()
	both(p, i, (*side).negotiated)
	r := rand.New(rand.NewPCG(1, 2))
	sending := map[*side]*webrtc.RTPSender{}
	for range collisions {
		p.deafen()
		i.deafen()
		for _, s := range []*side{p, i} {
			switch r.IntN(4) {
			case 0:
				s.toggle(sending)
			case 1:
				s.s.RestartICE()
			}
			s.s.Renegotiate()
		}
		p.heard()
		i.heard()
		both(p, i, (*side).negotiated)
		both(p, i, (*side).negotiated)
	}
	if n := p.count(trace.CollisionRollback); n < collisions {
		t.Errorf("%d offers have collided, of %d", n, collisions)
	}
	return tapes[p].text(), tapes[i].text()
}

// toggle sends a video, or no longer.
func (p *side) toggle(sending map[*side]*webrtc.RTPSender) {
	p.t.Helper()
	if err := p.s.Do(func() (err error) {
		if sender := sending[p]; sender != nil {
			sending[p] = nil
			return p.pc.RemoveTrack(sender)
		}
		track, err := webrtc.NewTrackLocalStaticSample(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeVP8}, "video", p.name)
		if err == nil {
			sending[p], err = p.pc.AddTrack(track)
		}
		return err
	}); err != nil {
		p.t.Fatal(err)
	}
}

// heard waits until a side that is deaf has made an offer, and hears again.
func (p *side) heard() {
	p.t.Helper()
	deaf := func() bool {
		p.mu.Lock()
		defer p.mu.Unlock()
		return p.deaf
	}
	for timeout := time.After(20 * time.Second); deaf(); {
		select {
		case <-p.happened:
		case <-timeout:
			p.t.Fatalf("%s makes no offer", p.name)
		}
	}
}

// TestReplay decides once more what was recorded of 100 collisions: all of it is the
// same. Where a line of the recording is changed, it is noticed.
func TestReplay(t *testing.T) {
	polite, impolite := recorded(t, 100)
	for name, text := range map[string]string{"polite": polite, "impolite": impolite} {
		same, err := replayed(text)
		if err != nil || same < 500 {
			t.Errorf("%s: %d decisions are the same: %v", name, same, err)
		}
		if same, err := replayed(text[:len(text)*2/3]); err != nil || same < 200 {
			t.Errorf("%s, cut: %d decisions are the same: %v", name, same, err)
		}
	}
	for name, row := range map[string]struct{ text, old, new string }{
		"another decision":  {polite, `"kind":"collision-rollback"`, `"kind":"collision-ignored"`},
		"another role":      {polite, `"call":"begin","peer":"other","life":1,"type":"polite"`, `"call":"begin","peer":"other","life":1,"type":"impolite"`},
		"another message":   {impolite, `"call":"receive","peer":"other","life":1,"type":"offer"`, `"call":"receive","peer":"other","life":1,"type":"answer"`},
		"no need":           {polite, `"call":"return","peer":"other","life":1,"yes":true`, `"call":"return","peer":"other","life":1`},
		"another answer":    {impolite, `"call":"pc.commits","peer":"other","life":1,"state":"stable","yes":true`, `"call":"pc.commits","peer":"other","life":1,"state":"stable"`},
		"another state":     {polite, `"state":"have-local-offer","held":true`, `"state":"stable"`},
		"another direction": {polite, `a=sendonly`, `a=recvonly`},
	} {
		changed := strings.Replace(row.text, row.old, row.new, 1)
		if changed == row.text {
			t.Errorf("%s: there is no %s", name, row.old)
		}
		if _, err := replayed(changed); !errors.Is(err, replay.ErrParted) {
			t.Errorf("%s is not noticed: %v", name, err)
		}
	}
}

// Whatever lines are missing or out of place in a recording, a replay ends, and in an
// error that says so.
func TestBrokenRecordings(t *testing.T) {
	_, text := recorded(t, 3)
	lines := strings.SplitAfter(text, "\n")
	r := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		broken := slices.Clone(lines)
		a, b := 2+r.IntN(len(lines)-3), 2+r.IntN(len(lines)-3)
		if r.IntN(2) == 0 {
			broken[a], broken[b] = broken[b], broken[a]
		} else {
			broken = slices.Delete(broken, a, a+1)
		}
		if _, err := replayed(strings.Join(broken, "")); err != nil && !errors.Is(err, replay.ErrParted) && !errors.Is(err, replay.ErrRecording) {
			t.Fatal(err)
		}
	}
}

// A recording that begins too late, or has none of this, cannot be replayed.
func TestNothingToReplay(t *testing.T) {
	r := newTape(t, true)
	if _, err := replayed(r.text()); !errors.Is(err, replay.ErrRecording) {
		t.Errorf("without inputs: %v", err)
	}
	r.input(trace.Input{Call: trace.Renegotiates})
	if _, err := replayed(r.text()); !errors.Is(err, replay.ErrRecording) {
		t.Errorf("without a beginning: %v", err)
	}
}

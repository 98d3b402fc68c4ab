package link

import (
	"bufio"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the frames into the vectors")

// wire is a frame in the vectors, as it looks between two of our peers.
type wire struct {
	Session     string          `json:"s"`
	PeerSession string          `json:"r,omitempty"`
	Seq         uint64          `json:"seq,omitempty"`
	Ack         *uint64         `json:"ack,omitempty"`
	Hello       *struct{}       `json:"hello,omitempty"`
	Message     json.RawMessage `json:"description,omitempty"`
}

func toWire(f Frame[string]) string {
	w := wire{Session: f.Session, PeerSession: f.PeerSession, Seq: f.Seq}
	if f.Bound {
		w.Ack = &f.Ack
	}
	if f.Hello {
		w.Hello = &struct{}{}
	}
	if f.Message != "" {
		w.Message = json.RawMessage(`"` + f.Message + `"`)
	}
	text, err := json.Marshal(w)
	if err != nil {
		panic(err)
	}
	return string(text)
}

func fromWire(text string) (f Frame[string], err error) {
	var w wire
	if err := json.Unmarshal([]byte(text), &w); err != nil {
		return f, err
	}
	f = Frame[string]{Session: w.Session, PeerSession: w.PeerSession, Seq: w.Seq, Hello: w.Hello != nil, Bound: w.Ack != nil, Message: strings.Trim(string(w.Message), `"`)}
	if f.Bound {
		f.Ack = *w.Ack
	}
	return f, nil
}

// TestVectors plays the conversations in testdata to one end.
func TestVectors(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no vectors", err)
	}
	for _, name := range files {
		t.Run(filepath.Base(name), func(t *testing.T) {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			got := play(t, string(text))
			if *update {
				if err := os.WriteFile(name, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			} else if got != string(text) {
				t.Errorf("got\n%s", got)
			}
		})
	}
}

// play plays the inputs of a conversation to an end, and returns the
// conversation with the end's outputs.
func play(t *testing.T, conversation string) string {
	sessions := 0
	e := New[string](func() string { sessions++; return fmt.Sprint("a", sessions) })
	var out strings.Builder
	say := func(what, text string) { fmt.Fprintln(&out, strings.TrimSpace(what+" "+text)) }
	frames := func() {
		for _, f := range e.Frames() {
			say(">", toWire(f))
		}
	}
	for scanner := bufio.NewScanner(strings.NewReader(conversation)); scanner.Scan(); {
		what, text, _ := strings.Cut(scanner.Text(), " ")
		if strings.Contains(">=+-", what) && what != "" {
			continue // an output
		}
		say(what, text)
		switch what {
		case "<":
			f, err := fromWire(text)
			if err != nil {
				t.Fatalf("%s: %v", text, err)
			}
			o := e.Receive(f, true)
			if o.Bound {
				say("+", "bound")
			}
			if o.Dropped != "" {
				say("-", string(o.Dropped))
			}
			if o.Delivered {
				say("=", f.Message)
			}
		case "send":
			if err := e.Send(text); err != nil {
				say("-", err.Error())
			}
		case "again":
			e.Again()
		case "acknowledge":
			e.Acknowledge()
		case "renew":
			e.Renew()
		case "begin":
		default:
			continue // a comment
		}
		frames()
	}
	return out.String()
}

// TestRandom connects two ends by a relay that loses, repeats and reorders.
func TestRandom(t *testing.T) {
	for seed := range uint64(30) {
		r := rand.New(rand.NewPCG(seed, 0))
		name := 0
		session := func() string { name++; return fmt.Sprint(name) }
		ends := [2]*End[int]{New[int](session), New[int](session)}
		var net [2][]Frame[int]
		var heard [2][]int
		said := [2]int{}
		turn := func(i int, clean bool) {
			net[1-i] = append(net[1-i], ends[i].Frames()...)
			if len(net[i]) == 0 {
				return
			}
			n := 0
			if !clean {
				n = r.IntN(len(net[i]))
			}
			f := net[i][n]
			if clean || r.IntN(4) > 0 {
				net[i] = slices.Delete(net[i], n, n+1)
			}
			if !clean && r.IntN(4) == 0 {
				return
			}
			if o := ends[i].Receive(f, true); o.Delivered {
				heard[i] = append(heard[i], f.Message)
			}
		}
		for range 1000 {
			i := r.IntN(2)
			switch r.IntN(8) {
			case 0:
				ends[i].Again()
			case 1:
				ends[i].Acknowledge()
			case 2:
				if said[i] < 60 && ends[i].Send(said[i]) == nil {
					said[i]++
				}
			default:
				turn(i, false)
			}
		}
		for range 10000 {
			if ends[0].Idle() && ends[1].Idle() && len(net[0])+len(net[1]) == 0 {
				break
			}
			for i, e := range ends {
				if len(net[0])+len(net[1]) == 0 {
					e.Acknowledge()
					if !e.Idle() {
						e.Again()
					}
				}
				turn(i, true)
			}
		}
		for i := range 2 {
			if len(heard[1-i]) != said[i] || !slices.IsSorted(heard[1-i]) || !ends[i].Idle() {
				t.Fatalf("seed %d: %d were said and %d heard: %v; %v", seed, said[i], len(heard[1-i]), heard[1-i], ends[i])
			}
		}
	}
}

func TestLimits(t *testing.T) {
	e := New[int](func() string { return "a" })
	if err := e.Send(1); !errors.Is(err, ErrUnbound) {
		t.Errorf("Send before anybody came: %v", err)
	}
	if o := e.Receive(Frame[int]{Session: "b", PeerSession: "a", Hello: true}, false); o.Dropped != Hasty || o.Bound {
		t.Errorf("it may not bind: %v", o)
	}
	e.Receive(Frame[int]{Session: "b", PeerSession: "a", Hello: true}, true)
	for range maxWaiting {
		if err := e.Send(1); err != nil {
			t.Fatal(err)
		}
	}
	if err := e.Send(1); !errors.Is(err, ErrFull) {
		t.Errorf("one more: %v", err)
	}
	if n := len(e.Frames()); n != Window {
		t.Errorf("%d frames are on their way, not %d", n, Window)
	}
	if o := e.Receive(Frame[int]{Session: "b", PeerSession: "a", Bound: true, Ack: 10}, true); o.Dropped != "" {
		t.Errorf("an acknowledgement: %v", o)
	}
	if n := len(e.Frames()); n != 10 {
		t.Errorf("%d more frames, not 10", n)
	}
}

// FuzzReceive gives an end arbitrary frames. It must not panic, deliver twice,
// or make many sessions.
func FuzzReceive(f *testing.F) {
	f.Add("b", "a1", true, true, uint64(0), uint64(1))
	f.Add("", "", false, false, uint64(1), uint64(0))
	f.Add("b", "a2", false, true, ^uint64(0), ^uint64(0))
	f.Fuzz(func(t *testing.T, session, peer string, hello, bound bool, ack, seq uint64) {
		sessions := 0
		e := New[int](func() string { sessions++; return fmt.Sprint("a", sessions) })
		e.Receive(Frame[int]{Session: "b", PeerSession: "a1", Hello: true}, true)
		_ = e.Send(1)
		frame := Frame[int]{Session: session, PeerSession: peer, Hello: hello, Bound: bound, Ack: ack, Seq: seq}
		delivered := 0
		for range 3 {
			if e.Receive(frame, true).Delivered {
				delivered++
			}
			e.Frames()
		}
		if delivered > 1 {
			t.Error("delivered twice")
		}
		if sessions > 4 {
			t.Errorf("%d sessions", sessions)
		}
	})
}

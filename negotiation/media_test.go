package negotiation_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"perfect-negotiation/negotiation"
)

// TestMediaArrive lets two offers with live tracks collide, as the first of all
// and later. Packets of every track must come to the other side.
func TestMediaArrive(t *testing.T) {
	mixtures := []string{"audio", "video", "data", "audio video data"}
	for _, first := range []bool{true, false} {
		for _, ours := range mixtures {
			for _, theirs := range mixtures {
				if ours+theirs == "datadata" || !first && (ours == "data" || theirs == "data") {
					continue // one more channel needs no offer
				}
				name := ours + " with " + theirs
				if !first {
					name += ", later"
				}
				t.Run(strings.ReplaceAll(name, " ", "_"), func(t *testing.T) {
					p, i := pair(t)
					heard := map[*side]<-chan string{p: p.listen(), i: i.listen()}
					if !first {
						p.play("data")
						p.channel()
						i.channel()
						p.negotiated()
						i.negotiated()
					}
					p.deafen()
					i.deafen()
					both(p, i, func(s *side) {
						if s == p {
							s.play(ours)
						} else {
							s.play(theirs)
						}
					})
					p.negotiated()
					i.negotiated()
					p.roll()
					i.roll()
					p.arrive(heard[p], theirs)
					i.arrive(heard[i], ours)
					if p.count(negotiation.CollisionRollback) != 1 || i.count(negotiation.CollisionIgnored) != 1 {
						t.Error("the offers did not collide once")
					}
				})
			}
		}
	}
}

// play adds what is named, live: audio, video and data.
func (p *side) play(mixture string) {
	p.t.Helper()
	err := p.s.Do(func() (err error) {
		for _, what := range strings.Fields(mixture) {
			if what == "data" {
				err = errors.Join(err, p.create("data-"+p.name))
			} else {
				err = errors.Join(err, p.live(what))
			}
		}
		return err
	})
	if err != nil {
		p.t.Fatal(err)
	}
}

// arrive waits until a track of each kind in mixture has brought packets.
func (p *side) arrive(heard <-chan string, mixture string) {
	p.t.Helper()
	missing := slices.DeleteFunc(strings.Fields(mixture), func(what string) bool { return what == "data" })
	timeout := time.After(20 * time.Second)
	for len(missing) > 0 {
		select {
		case kind := <-heard:
			if n := slices.Index(missing, kind); n >= 0 {
				missing = slices.Delete(missing, n, n+1)
			} else {
				p.t.Errorf("%s: one more track of %s", p.name, kind)
			}
		case <-timeout:
			p.t.Fatalf("%s: no packets of %s come", p.name, missing)
		}
	}
}

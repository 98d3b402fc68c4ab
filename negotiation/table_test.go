package negotiation

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"perfect-negotiation/negotiation/internal/sdp"
	"perfect-negotiation/negotiation/trace"
)

// row is one row of the table: what each side does in each round, at the same
// time. A word says what is added, with a direction if that is not sendrecv, or
// what is done with what is there; + joins several. - is nothing.
type row struct {
	name             string
	fresh            bool // it begins before anything was negotiated
	polite, impolite string
	ends             string // the side that ends the section with the transport, if one does
}

// with returns the rows that a browser in this role can play with a native side. pion
// has one transport, and Chromium (156) makes another when it ends that section itself.
func with(browser string) []row {
	return slices.DeleteFunc(table(), func(r row) bool { return r.ends == browser })
}

func table() (rows []row) {
	add := func(r row) {
		if r.name == "" {
			r.name = r.polite + " with " + r.impolite
		}
		rows = append(rows, r)
	}
	kinds := []string{"audio", "video", "data", "audio+video+data"}
	for _, p := range kinds {
		for _, i := range kinds {
			if p+i != "datadata" {
				add(row{name: p + " with " + i + " as the first of all", fresh: true, polite: p, impolite: i})
			}
			if p != "data" && i != "data" { // one more channel needs no offer
				add(row{polite: p, impolite: i})
			}
		}
	}
	for p := range sdp.Direction(4) {
		for i := range sdp.Direction(4) {
			add(row{polite: "audio/" + p.String(), impolite: "audio/" + i.String()})
			if p == i {
				add(row{polite: "audio/" + p.String(), impolite: "video/" + i.String()})
			}
		}
	}
	add(row{fresh: true, polite: "video+data stop video", impolite: "-"})
	add(row{fresh: true, polite: "-", impolite: "video+data stop video"})
	add(row{fresh: true, polite: "video+data - - audio", impolite: "- stop video"})
	add(row{fresh: true, polite: "audio+video stop audio", impolite: "-", ends: "polite"})
	add(row{fresh: true, polite: "-", impolite: "audio+video stop audio", ends: "impolite"})
	add(row{fresh: true, polite: "audio+video - audio", impolite: "- stop -", ends: "impolite"})
	add(row{fresh: true, polite: "- stop audio", impolite: "audio+video - -", ends: "polite"})
	add(row{fresh: true, polite: "video+data+mute unmute", impolite: "audio+mute unmute"})
	for _, r := range [][2]string{
		{"audio remove track remove track", "audio remove track remove track"},
		{"audio remove track", "video - audio"},
		{"audio - remove track", "- track remove track"},
		{"video stop video stop", "video stop video stop"},
		{"video stop", "- track/video"},
		{"video stop", "- video"},
		{"- video", "video stop"},
		{"audio+video replace", "audio+video replace"},
		{"video replace", "- video"},
		{"track+mute unmute", "video+mute unmute"},
		{"video mute+audio unmute", "audio mute+video unmute"},
		{"restart", "-"},
		{"-", "restart"},
		{"restart", "video"},
		{"video", "restart"},
		{"restart", "restart"},
		{"video restart+remove restart+track", "audio restart+stop restart+audio"},
	} {
		add(row{polite: r[0], impolite: r[1]})
	}
	return rows
}

// TestTable has both sides negotiate at the same time, so that their offers
// collide. After each round all is negotiated and all media arrive.
func TestTable(t *testing.T) {
	for _, r := range table() {
		t.Run(strings.ReplaceAll(r.name, " ", "_"), func(t *testing.T) {
			p, i := newParties(t)
			all([]*party{p, i}, r.play)
		})
	}
}

// play does what the row says for p. The other side does its part.
func (r row) play(p *party) {
	sides := map[string][]string{"polite": strings.Fields(r.polite), "impolite": strings.Fields(r.impolite)}
	does := func(side string, round int) string {
		if round < len(sides[side]) {
			return sides[side][round]
		}
		return "-"
	}
	collide := func(round int) bool {
		offers := func(side string) bool { return !slices.Contains([]string{"-", "replace", "unmute"}, does(side, round)) }
		return offers("polite") && offers("impolite")
	}
	p.deafAfter = collide(0)
	if r.fresh {
		p.meet(context.Background())
	} else {
		p.begin()
	}
	for round := range max(len(sides["polite"]), len(sides["impolite"])) {
		before, collisions, ufrag := p.count(trace.OfferSending), p.collisions(), p.metWith
		p.do(func() error {
			for word := range strings.SplitSeq(does(p.name, round), "+") {
				verb, argument, _ := strings.Cut(word, "/")
				if err := p.step(verb, argument); err != nil {
					return fmt.Errorf("%s: %w", word, err)
				}
			}
			return nil
		})
		if collide(round) {
			p.mu.Lock()
			for p.events[trace.OfferSending] == before {
				p.moved.Wait()
			}
			p.hear()
			p.mu.Unlock()
		}
		p.deafAfter = collide(round + 1)
		p.rest()
		if p.t.Failed() {
			p.t.Logf("in round %d: %s", round+1, does(p.name, round))
			return
		}
		if collide(round) && p.collisions() == collisions {
			p.t.Errorf("%s: nothing collided in round %d", p.name, round+1)
		}
		if strings.Contains(does("polite", round)+does("impolite", round), "restart") && p.ufrag() == ufrag {
			p.t.Errorf("%s: ICE was not restarted in round %d", p.name, round+1)
		}
	}
}

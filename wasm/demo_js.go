package main

import (
	"context"
	"strconv"
	"time"

	"perfect-negotiation/negotiation"
	"perfect-negotiation/negotiation/peer"
	"perfect-negotiation/negotiation/signaling"
	"perfect-negotiation/negotiation/signaling/local"
	"perfect-negotiation/negotiation/signaling/trouble"
	"perfect-negotiation/negotiation/signaling/wire"
	"perfect-negotiation/negotiation/trace"
)

// holdFor bounds the time that offers are held, in case one side makes none.
const holdFor = 5 * time.Second

// demo runs the polite and the impolite peer in this page. Their first offers
// collide. To show what goes wrong, both may have the same role.
type demo struct {
	page   *page
	ctx    context.Context
	same   wire.Role // role of both; empty: the roles are right
	gate   *trouble.Trouble
	rounds element // number of rounds, if both are polite

	round int // from 0

	paired, offered, ignored, dropped int // number of these events in this round
}

func (p *page) joinDemo(ctx context.Context) error {
	d := &demo{page: p, ctx: ctx, same: wire.Role(p.d.data("roles"))}
	p.demo = d
	var err error
	if d.rounds, err = p.d.byID("rounds"); err != nil {
		return err
	}
	left, err := p.newSide("")
	if err != nil {
		return err
	}
	right, err := p.newSide("right-")
	if err != nil {
		return err
	}
	left.name, left.role = "left", wire.Polite
	right.name, right.role, right.of = "right", wire.Impolite, left
	if d.same != "" {
		left.role, right.role = d.same, d.same
	}
	return d.begin()
}

// begin has both peers join an empty room.
func (d *demo) begin() error {
	d.paired, d.offered, d.ignored, d.dropped = 0, 0, 0, 0
	d.gate = new(trouble.Trouble)
	room := &local.Room{SameRoles: d.same != ""}
	for _, s := range d.page.sides {
		dial := room.Dialer(s.name)
		if s.of == nil {
			dial = d.page.trouble.Dialer(d.gate.Dialer(dial))
		}
		if err := s.join(d.ctx, peer.Config{
			Options:    signaling.Options{Room: d.page.d.data("room"), Role: s.role},
			Dial:       dial,
			Wait:       true,
			Candidates: negotiation.CandidateRules{Loopback: true},
		}); err != nil {
			return err
		}
	}
	return nil
}

// observe follows the events of both peers.
func (d *demo) observe(e trace.Event) {
	switch e.Kind {
	case trace.Paired:
		// Offers are held until both have been made, so that they cross.
		if d.paired++; d.paired == 2 {
			gate := d.gate
			gate.Set(trouble.Settings{Hold: true})
			time.AfterFunc(holdFor, func() { gate.Set(trouble.Settings{}) })
			for _, s := range d.page.sides {
				s.peer.Connect()
			}
		}
	case trace.OfferSending:
		if d.offered++; d.offered == 2 {
			d.gate.Set(trouble.Settings{})
		}
	case trace.CollisionIgnored:
		if d.ignored++; d.ignored == 2 && d.same == wire.Impolite {
			d.page.d.setData("outcome", "deadlock")
		}
	case trace.AnswerDropped:
		if d.dropped++; d.dropped == 2 && d.same == wire.Polite {
			d.again()
		}
	}
}

// again ends a round of two polite peers: each has answered an offer that was rolled
// back. They start over, as applications do, but only as often as the page allows.
func (d *demo) again() {
	for _, s := range d.page.sides {
		s.leave()
	}
	go func() {
		for _, s := range d.page.sides {
			<-s.peer.Done()
		}
		d.round++
		d.rounds.setText(strconv.Itoa(d.round))
		if most, err := strconv.Atoi(d.rounds.dataOf("max")); err != nil || d.round >= most {
			d.page.d.setData("outcome", "loop")
		} else if err := d.begin(); err != nil {
			d.page.notice(err.Error(), "Reload", reload)
		}
	}()
}

// life is the number of a pairing as the inspector gets it: each round of a demo has new
// peers, which count anew.
func (s *side) life(n uint64) uint64 {
	if s.demo != nil && n > 0 {
		n += uint64(s.demo.round)
	}
	return n
}

// line is an event in the inspector's form. The right side's view of the left one is
// the remote part of the pair that the left side has with it.
func (s *side) line(e trace.Event) trace.Line {
	l := trace.LineOf(e)
	l.Event.Life = s.life(e.Life)
	if s.of != nil {
		l.Side = trace.There
		if e.Peer != "" {
			l.Event.Peer = s.name
		}
	}
	return l
}

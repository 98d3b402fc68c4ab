package main

import "time"

const (
	longPress      = 500 * time.Millisecond
	manyCollisions = 10 // that a long press makes, or one with Shift
)

// collideButton makes the offers of both sides collide: once, or many times.
type collideButton struct {
	side  *side
	timer *time.Timer // until the press is a long one
	long  bool        // it was: the click that ends it means nothing more
}

func (b *collideButton) listeners() []listener {
	button := b.side.el["collide"]
	return []listener{
		{button, "pointerdown", b.down},
		{button, "pointerup", b.up},
		{button, "pointerleave", b.up},
		{button, "pointercancel", b.up},
		{button, "click", b.click},
	}
}

func (b *collideButton) down(element) {
	b.up(element{})
	b.long = false
	b.timer = time.AfterFunc(longPress, func() {
		b.long = true
		b.press(manyCollisions)
	})
}

func (b *collideButton) up(element) {
	if b.timer != nil {
		b.timer.Stop()
	}
}

func (b *collideButton) click(event element) {
	switch {
	case b.long:
		b.long = false
	case event.is("shiftKey"):
		b.press(manyCollisions)
	default:
		b.press(1)
	}
}

// press collides with the peer that the button names, or with all: without the
// inspector it names none, and the one whose story is shown may be gone.
func (b *collideButton) press(times int) {
	button := b.side.el["collide"]
	if button.is("disabled") {
		return
	}
	to := button.dataOf("peer")
	if b.side.roster.Find(to) == nil {
		to = ""
	}
	b.side.peer.Collide(to, times)
}

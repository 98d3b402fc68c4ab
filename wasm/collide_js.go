package main

import "time"

const (
	longPress      = 500 * time.Millisecond
	manyCollisions = 10 // collisions of a long press, or of one with Shift
)

// collideButton makes the offers of both sides collide: once, or many times.
type collideButton struct {
	side  *side
	timer *time.Timer // runs until the press counts as long
	long  bool        // the press was long, so ignore the click that ends it
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

// press makes offers collide with the peer that the button names, or with all if it
// names none, as without the inspector. The named peer may have left.
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

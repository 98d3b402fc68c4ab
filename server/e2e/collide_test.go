package e2e

import (
	"fmt"
	"testing"

	"perfect-negotiation/negotiation/trace"
)

// collider is a participant that can make offers collide.
type collider interface {
	participant
	collide(times int)
}

func (n *native) collide(times int) { n.p.Collide("", times) }

// collide presses the button, and holds it where that is to be ten collisions.
func (b *tab) collide(times int) {
	b.eval(fmt.Sprintf(`(async () => {
		const button = document.querySelector("#collide"), point = (type) => button.dispatchEvent(new PointerEvent(type));
		point("pointerdown");
		if (%t) await new Promise((held) => setTimeout(held, 600));
		point("pointerup");
		button.click();
	})()`, times == 10), nil)
}

// hide has the page's timers go off once a second, as in a tab that nobody looks at.
func hide(p participant) {
	if b, ok := p.(*tab); ok {
		b.eval(`const after = setTimeout; window.setTimeout = (f, time) => after(f, Math.max(1000, time))`, nil)
	}
}

// collide has each side press the button so many times, once or with one press for all of
// them. Both sides see each collision, and get one answer for each: it is resolved. More
// than ten in a row would be asked for once a second.
func collide(t *testing.T, polite, impolite participant, presses int) {
	t.Helper()
	counts := func() [4]int {
		return [4]int{
			polite.count(trace.CollisionRollback), impolite.count(trace.CollisionIgnored),
			polite.count(trace.AnswerReceived), impolite.count(trace.AnswerReceived),
		}
	}
	for _, side := range []participant{polite, impolite} {
		before := counts()
		for n := range presses {
			side.(collider).collide(10 / presses)
			await(t, fmt.Sprintf("collision %d is resolved", (n+1)*10/presses), func() bool {
				for i, count := range counts() {
					if count < before[i]+(n+1)*10/presses {
						return false
					}
				}
				return true
			}, polite, impolite)
		}
		for i, count := range counts() {
			if n := count - before[i]; n != 10 {
				t.Errorf("%d rather than 10 collisions or answers", n)
			}
		}
	}
	nothingSurfaced(t, polite, impolite)
}

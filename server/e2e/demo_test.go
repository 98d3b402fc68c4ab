package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"perfect-negotiation/negotiation/trace"
)

// countOf counts the events of one side of the demo.
func (b *tab) countOf(side string, kind trace.Kind) (n int) {
	b.eval(fmt.Sprintf(`document.querySelectorAll('#log [data-side=%q][data-kind=%q]').length`, side, kind), &n)
	return n
}

// trouble sets an input of the trouble bar.
func (b *tab) trouble(name string, value int) {
	b.eval(fmt.Sprintf(`{
		const input = document.querySelector("#trouble-%s");
		input.value = %d;
		input.dispatchEvent(new Event("input", { bubbles: true }));
	}`, name, value), nil)
}

func (b *tab) data(name string) string {
	return b.text(fmt.Sprintf(`document.documentElement?.dataset[%q] ?? ""`, name))
}

// TestDemo goes from the landing page to a collision with one click and one press.
// Both sides are ordinary peers, and trouble with their signalling loses nothing.
func TestDemo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.rawTab(w.url + "/")
	await(t, "there is a link to the demo", func() bool { return b.text(`document.querySelector('main a[href="./demo"]')?.textContent ?? ""`) != "" }, b)
	b.press(`main a[href="./demo"]`)
	b.ready()
	sides := []string{"left", "right"}
	await(t, "both channels are open on both sides", func() bool { return b.count(trace.ChannelOpened) == 4 }, b)

	collisions := func(n int) bool {
		return b.countOf("left", trace.CollisionRollback) == n && b.countOf("right", trace.CollisionIgnored) == n
	}
	if !collisions(1) {
		t.Errorf("their first offers have not collided:\n%s", b.log())
	}
	await(t, "it can be pressed", func() bool { return b.text(`String(document.querySelector("#collide").disabled)`) == "false" }, b)
	b.press("#collide")
	await(t, "offers collide, once on each side", func() bool { return collisions(2) }, b)
	await(t, "the ladder tells the story", func() bool {
		stories := b.texts(`#ladder > li[data-kind="collision"][data-state="settled"] .story`)
		return len(stories) == 2 && strings.HasPrefix(stories[1], "Both offered at the same moment. Right is impolite and ignored offer ") && strings.HasSuffix(stories[1], ". Nothing is lost.")
	}, b)
	if got := b.text(`inspector.store.current?.id + " " + inspector.store.current?.traced`); got != "right true" {
		t.Errorf("the inspector shows %s", got)
	}

	b.say("to the right")
	b.eval(`document.querySelector("#right-message").value = "to the left"; document.querySelector("#right-send").click()`, nil)
	b.press("#right-pattern")
	await(t, "they talk, and the left one sees the right one's pattern", func() bool {
		return slices.Contains(b.received(), "to the right") && slices.Contains(b.received(), "to the left") &&
			b.text(`document.querySelector('#media figure[data-peer="right"][data-state="live"]') ? "yes" : ""`) != ""
	}, b)

	if on := b.data("trouble"); on != "off" {
		t.Errorf("trouble is %s", on)
	}
	b.trouble("delay", 300)
	b.trouble("drop", 20)
	if on, says := b.data("trouble"), b.text(`document.querySelector("#trouble-summary").textContent`); on != "on" || says != "300 ms late · 20 % lost" {
		t.Errorf("trouble is %s: %s", on, says)
	}
	b.accessible("the demo, with trouble")
	answered := map[string]int{}
	for _, side := range sides {
		answered[side] = b.countOf(side, trace.AnswerReceived)
	}
	b.eval(`document.querySelector("#renegotiate").click(); document.querySelector("#right-renegotiate").click()`, nil)
	await(t, "offers collide, and both are answered", func() bool {
		return collisions(3) && b.countOf("left", trace.AnswerReceived) > answered["left"] && b.countOf("right", trace.AnswerReceived) > answered["right"]
	}, b)

	b.press("#trouble-cut")
	await(t, "it is cut", func() bool { return b.text(`document.querySelector("#signal").dataset.state`) == "gone" }, b)
	b.press("#notice-action")
	await(t, "it is connected again", func() bool { return b.text(`document.querySelector("#signal").dataset.state`) == "connected" }, b)

	b.again()
	if on, delay := b.data("trouble"), b.text(`document.querySelector("#trouble-delay").value`); on != "off" || delay != "0" {
		t.Errorf("after a reload trouble is %s, and the delay %s", on, delay)
	}
}

// rounds returns how often two polite peers have started over.
func (b *tab) rounds() int { return b.number(`Number(document.querySelector("#rounds").textContent)`) }

// With wrong roles, two polite peers would try forever, but the page stops them, and
// two impolite peers wait forever.
func TestWrongRoles(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.rawTab(w.url + "/demo/both-polite")
	if most := b.text(`document.querySelector("#rounds").dataset.max`); most != "20" {
		t.Errorf("it is stopped after %s rounds", most)
	}
	b.eval(`document.querySelector("#rounds").dataset.max = "1000"`, nil) // until all has been looked at
	await(t, "a round is over", func() bool { return b.rounds() > 0 }, b)
	b.accessible("both polite, and trying")
	if b.data("outcome") != "" {
		t.Error("it was stopped too soon")
	}
	last := b.number(`{
		const rounds = document.querySelector("#rounds");
		Number(rounds.dataset.max = Number(rounds.textContent) + 2);
	}`)
	await(t, "it is stopped", func() bool { return b.data("outcome") == "loop" }, b)
	if b.rounds() != last || b.count(trace.Connected) > 0 {
		t.Errorf("after %d rounds, not %d:\n%s", b.rounds(), last, b.log())
	}
	b.accessible("both polite")
	b.keepsSaved()
	if n, same := b.replays(b.save()); n != last || same < last*4 {
		t.Errorf("%d decisions of %d rounds are the same", same, n)
	}
	b.show(w.url + "/demo/both-impolite")
	b.ready()
	b.accessible("both impolite, and waiting")
	await(t, "both wait", func() bool { return b.data("outcome") == "deadlock" }, b)
	if b.count(trace.AnswerReceived) > 0 || b.count(trace.Connected) > 0 {
		t.Errorf("they do not wait:\n%s", b.log())
	}
	await(t, "the ladder says so", func() bool {
		return strings.Contains(strings.Join(b.texts(`#ladder > li[data-kind="collision"] .story`), ""), "Both are impolite, which is wrong")
	}, b)
	if why := b.text(`document.querySelector("#why-text").textContent`); !strings.Contains(why, "Each waits for an answer that nobody will send") {
		t.Errorf("why is %q", why)
	}
	b.accessible("both impolite")
	b.show(b.text(`document.querySelector(".roles a").href`))
	await(t, "with right roles they connect", func() bool { return b.count(trace.Connected) == 2 }, b)
}

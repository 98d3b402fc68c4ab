package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// TestLadder presses Collide in a tab, and reads in both what the ladder makes of it.
func TestLadder(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	polite, impolite := w.tab("/polite"), w.tab("/impolite")
	polite.connect()
	awaitChannels(t, 1, polite, impolite)
	polite.press("#collide")
	for _, b := range []*tab{polite, impolite} {
		const collision = `#ladder > li[data-kind="collision"]`
		var offers, answers []string
		await(t, "the collision is drawn, and over", func() bool { // until its last offer is made it may seem so
			offers, answers = b.texts(collision+" .arrow.offer > text"), b.texts(collision+" .arrow.answer > text")
			return len(offers) >= 3 && len(answers) >= 2 && len(b.texts(collision+`[data-state="settled"] svg.drawing`)) == 1
		}, b)
		await(t, "both decisions are drawn", func() bool { // one is the other side's, which tells it later
			decisions := strings.Join(b.texts(collision+" .mark.decision"), ", ")
			return strings.Contains(decisions, "takes offer ") && strings.Contains(decisions, "ignores offer ")
		}, b)
		if lost := b.texts(collision + " .arrow.offer.polite.void:has(.cross) > text"); len(lost) != 1 {
			t.Errorf("%s: the offers that lost are %q", b.url, lost)
		}
		if len(offers) != 3 || len(answers) != 2 {
			t.Errorf("%s: %q, %q", b.url, offers, answers)
		}
	}
	for b, want := range map[*tab]string{polite: "You are polite", impolite: "You are impolite"} {
		await(t, "it says why: "+want, func() bool {
			why := b.text(`document.querySelector("#why").textContent`)
			return strings.Contains(why, want) && strings.Contains(why, "negotiation/negotiation.go")
		}, b)
	}
}

// The keys of the ladder act in the ladder, and a letter that is typed elsewhere is one.
func TestLadderKeys(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.tab("/polite")
	b.tell(recorded(t))
	press := func(key, want string) {
		t.Helper()
		if err := chromedp.Run(b.ctx, chromedp.KeyEvent(key)); err != nil {
			t.Fatal(err)
		}
		state := b.text(`(({ live, selected }) => live ? "live" : selected ? selected.side + " " + selected.kind + " " + (selected.msg?.seq ?? "") : "paused")(inspector.store)`)
		if state != want {
			t.Errorf("%q: %q, not %q", key, state, want)
		}
	}
	b.eval(`document.querySelector("#ladder").focus()`, nil)
	press(kb.ArrowUp, "here answer-received 12")
	press("[", "there collision-ignored 8")
	await(t, "it says why", func() bool {
		why := b.text(`document.querySelector("#why").textContent`)
		return strings.Contains(why, "wkgsy-fq2m4 is impolite") && strings.Contains(why, "if collision && !n.polite {")
	}, b)
	press(kb.ArrowDown, "here offer-received 9")
	press(kb.ArrowDown, "here collision-rollback 8")
	press(kb.ArrowUp, "here offer-received 9")
	if n := b.number(`document.querySelectorAll("#ladder [aria-current=step] .selected").length`); n != 1 {
		t.Errorf("%d arrows are marked", n)
	}
	press(kb.Escape, "live")
	press(" ", "paused")
	press(" ", "live")
	press("/", "live")
	press("8", "live")
	if id := b.text(`document.activeElement.id`); id != "ladder-find" {
		t.Errorf("the keyboard is at %q", id)
	}
	b.openDrawers()
	b.eval(`document.querySelector("#message").disabled = false; document.querySelector("#message").focus()`, nil)
	press("[", "live")
	press(" ", "live")
	if typed := b.text(`document.querySelector("#message").value`); typed != "[ " {
		t.Errorf("typed %q", typed)
	}
}

// A ladder says what it knows of the other side, and what it only infers.
func TestLadderInfers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.tab("/polite")
	lines := slices.DeleteFunc(strings.Split(recorded(t), "\n"), func(line string) bool { return strings.Contains(line, `"side":"there"`) })
	b.tell(strings.Join(lines, "\n"))
	const collision = `#ladder > li[data-n="4"][data-kind="collision"] `
	for selector, want := range map[string]string{
		".lane.inferred > text":            "wkgsy-fq2m4 · impolite|inferred: it sends no trace",
		".arrow.void:has(.assumed) > text": "offer 8",
		".mark.impolite.decision":          "ignores offer 8",
		".arrow.impolite > text":           "offer 9|answer to 11",
	} {
		await(t, "it is drawn", func() bool { return strings.Join(b.texts(collision+selector), "|") == want }, b)
	}
}

// tell gives lines of a trace to the inspector.
func (b *tab) tell(lines string) {
	b.t.Helper()
	await(b.t, "the inspector is there", func() bool { return b.text(`document.documentElement.dataset.inspector ?? ""`) != "" }, b)
	b.eval(fmt.Sprintf(`inspector.add(%q); new Promise((done) => inspector.store.addEventListener("change", done, { once: true })).then(() => {})`, lines), nil)
}

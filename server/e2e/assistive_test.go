package e2e

import (
	"fmt"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// A screen reader is told what matters, once: chat, the state, collisions, and not
// the whole log.
func TestWhatIsReadOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	polite, impolite := w.tab("/polite"), w.tab("/impolite")
	polite.connect()
	awaitChannels(t, 1, polite, impolite)
	renegotiateAtOnce(t, polite, impolite, 3)
	for b, want := range map[*tab]string{polite: "Offers collided: ours is taken back", impolite: "Offers collided: the other one is ignored"} {
		if said := b.text(`document.querySelector("[role=status]#said").textContent`); said != want {
			t.Errorf("it says %q", said)
		}
	}
	for selector, want := range map[string]string{
		`#log[role=log][aria-live=off]`:        "1",
		`#chat[role=log]:not([aria-live=off])`: "1",
		`#status[role=status]`:                 "1",
		`[tabindex="0"]:is(#log, #chat, #media, #peers):is([aria-label], [aria-labelledby])`: "4",
	} {
		if n := polite.text(fmt.Sprintf("document.querySelectorAll(`%s`).length + ''", selector)); n != want {
			t.Errorf("%s of %s", n, selector)
		}
	}
	polite.openDrawers()
	polite.eval(`navigator.clipboard.writeText = async () => {}; document.querySelector("#copy").focus()`, nil)
	polite.press("#copy")
	await(t, "it says that the link is copied", func() bool { return polite.text(`document.querySelector("#said").textContent`) == "The link is copied" }, polite)
	if id := polite.text(`document.activeElement.id`); id != "copy" {
		t.Errorf("the keyboard is at %q", id)
	}
}

// In colours that the reader has chosen a button that is on does not look like one
// that is off.
func TestForcedColours(t *testing.T) {
	t.Parallel()
	b := newWorld(t).mediaTab("/polite")
	b.play(true)
	forced := emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "forced-colors", Value: "active"}})
	if err := chromedp.Run(b.ctx, forced); err != nil {
		t.Fatal(err)
	}
	colours := func(id string) string {
		return b.text(`(({ backgroundColor, color }) => backgroundColor + " " + color)(getComputedStyle(document.querySelector("#` + id + `")))`)
	}
	await(t, "they look different", func() bool { return colours("pattern") != colours("camera") }, b)
}

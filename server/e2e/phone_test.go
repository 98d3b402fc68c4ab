package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// A phone opens the page over plain http from another host, which is not a secure
// context. Everything but camera, microphone and screen works.
func TestPlainHTTP(t *testing.T) {
	t.Parallel()
	w := worldAt(t, strings.Replace(newWorld(t).url, "127.0.0.1", phonesHost, 1))
	polite, impolite := w.tab("/polite"), w.tab("/impolite")
	if secure := polite.text(`[isSecureContext, navigator.mediaDevices, navigator.locks, navigator.clipboard, crypto.subtle].join()`); secure != "false,,,," {
		t.Fatalf("the page has %s", secure)
	}
	polite.connect()
	awaitChannels(t, 1, polite, impolite)
	renegotiateAtOnce(t, polite, impolite, 3)
	polite.say("plain")
	await(t, "chat arrives", func() bool { return slices.Contains(impolite.received(), "plain") }, polite, impolite)
	for _, id := range []string{"camera", "microphone", "screen"} {
		polite.press("#" + id)
		await(t, "it says why there is no "+id, func() bool {
			return strings.HasPrefix(polite.text(`document.querySelector("#media-error").textContent`), "Browsers give the "+id+" only to pages over https")
		}, polite)
	}
	polite.press("#pattern")
	impolite.awaitTiles("video", polite)
	polite.press("#copy")
	await(t, "the link is copied", func() bool { return polite.text(`document.querySelector("#copy").textContent`) != "Copy" }, polite)
	nothingSurfaced(t, polite, impolite)
}

// On the screen of a phone everything is visible and large enough to touch.
func TestNarrowScreen(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b, n := w.tab("/r/a-room-with-quite-a-long-name-that-nobody-would-want-to-type"), w.native("a-room-with-quite-a-long-name-that-nobody-would-want-to-type", "", true)
	w.native("a-room-with-quite-a-long-name-that-nobody-would-want-to-type", "", true)
	awaitChannels(t, 4, b, n)
	await(t, "the reader can choose", func() bool { return len(b.choices()) == 3 }, b)
	n.say(strings.Repeat("long", 200))
	b.press("#camera")
	await(t, "chat arrives", func() bool { return len(b.received()) == 1 }, b, n)
	home := w.rawTab(w.url + "/")
	for _, b := range []*tab{b, home, w.rawTab(w.url + "/nowhere")} {
		for _, width := range []int64{320, 375} {
			if err := chromedp.Run(b.ctx, chromedp.EmulateViewport(width, 667, chromedp.EmulateMobile, chromedp.EmulateTouch)); err != nil {
				t.Fatal(err)
			}
			b.openDrawers()
			for _, wrong := range b.awkward() {
				t.Errorf("%s, %d pixels wide: %s", b.url, width, wrong)
			}
		}
	}
}

// openDrawers opens all drawers, as a reader can.
func (b *tab) openDrawers() {
	b.eval(`document.querySelectorAll("details.drawer").forEach((drawer) => { drawer.open = true; })`, nil)
}

// visible reports whether an element is outside closed drawers.
func (b *tab) visible(selector string) (is bool) {
	b.eval(fmt.Sprintf(`document.querySelector(%q).checkVisibility()`, selector), &is)
	return is
}

// awkward returns the elements that are off the screen or too small to touch.
func (b *tab) awkward() (wrong []string) {
	b.eval(`(() => {
		const name = (e) => e.id || e.className || e.tagName;
		const seen = (e) => e.checkVisibility({ visibilityProperty: true }) && !e.closest(".skip, .visually-hidden");
		const wrong = [];
		if (document.documentElement.scrollWidth > innerWidth) wrong.push("the page is wider than the screen");
		for (const e of document.querySelectorAll("button, input:not([type=checkbox]), label:has(> [type=checkbox]), select, a, .card, figure")) {
			if (!seen(e)) continue;
			e.scrollIntoView({ block: "center" });
			const box = e.type === "checkbox"; // what one touches is its label
			const { left, right, top, bottom, width, height } = (box ? e.closest("label") : e).getBoundingClientRect();
			if (left < 0 || right > innerWidth) wrong.push(name(e) + " goes off the screen");
			if (!e.matches("button, input, label, select")) continue;
			if (e.matches("input") && !box && width < 130) wrong.push(name(e) + " is " + width + " pixels wide");
			if (height < 44) wrong.push(name(e) + " is " + height + " pixels high");
			if (!(box ? e.closest("label") : e).contains(document.elementFromPoint((left + right) / 2, (top + bottom) / 2))) wrong.push(name(e) + " is covered");
		}
		return wrong;
	})()`, &wrong)
	return wrong
}

// On a phone in landscape orientation the log can be read beside a picture.
func TestLandscape(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b, other := w.tab("/polite"), w.tab("/impolite")
	b.connect()
	awaitChannels(t, 1, b, other)
	other.press("#pattern")
	b.awaitTiles("video", other)
	for _, size := range [][2]int64{{932, 430}, {1024, 600}, {1280, 720}} {
		if err := chromedp.Run(b.ctx, chromedp.EmulateViewport(size[0], size[1])); err != nil {
			t.Fatal(err)
		}
		b.openDrawers()
		b.eval(`document.querySelector("#log").scrollIntoView({ block: "end" })`, nil)
		if height := b.number(`Math.round(document.querySelector("#log").getBoundingClientRect().height)`); height < 140 {
			t.Errorf("at %d x %d the log is %d pixels high", size[0], size[1], height)
		}
		if below := b.number(`Math.max(0, Math.round(document.querySelector("#log").getBoundingClientRect().bottom - innerHeight))`); below > 0 {
			t.Errorf("at %d x %d %d pixels of the log cannot be reached", size[0], size[1], below)
		}
	}
}

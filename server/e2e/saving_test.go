package e2e

import (
	"encoding/xml"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"perfect-negotiation/negotiation/replay"
	"perfect-negotiation/negotiation/trace"
	"perfect-negotiation/negotiation/trace/dump"
)

var savedCollisions = flag.Int("collisions", 5, "how many collisions TestSaveAndOpen saves and replays")

// keepsSaved has the tab keep what it would save.
func (b *tab) keepsSaved() {
	b.eval(`{
		const create = URL.createObjectURL;
		globalThis.saved = [];
		URL.createObjectURL = (blob) => { saved.push(blob); return create(blob); };
		HTMLAnchorElement.prototype.click = () => {}; // nothing is written
	}`, nil)
}

// save returns what the tab saves now.
func (b *tab) save() string {
	b.t.Helper()
	before := b.number(`saved.length`)
	b.press("#trace-save")
	await(b.t, "it is saved", func() bool { return b.number(`saved.length`) > before }, b)
	return b.text(`saved.at(-1).text()`)
}

// replays makes the decisions in a file that was saved once more.
func (b *tab) replays(file string) (negotiations, same int) {
	b.t.Helper()
	f, err := dump.Read(strings.NewReader(file))
	if err == nil {
		negotiations, same, err = replay.File(f)
	}
	if err != nil {
		b.t.Errorf("it does not replay: %v", err)
	}
	return negotiations, same
}

// collideAtRandom collides so many times, each time after a change of the media, a restart
// of ICE, or nothing.
func (b *tab) collideAtRandom(other *native, times int) {
	b.t.Helper()
	for n := range times {
		if id := []string{"pattern", "camera", "microphone", "restart", "more"}[rand.IntN(5)]; id != "more" {
			b.press("#" + id)
		}
		b.press("#collide")
		await(b.t, fmt.Sprintf("collision %d", n+1), func() bool { return other.count(trace.CollisionIgnored) > n }, b, other)
	}
	await(b.t, "all is settled", func() bool {
		return b.text(`String(inspector.store.current.exchanges.every((item) => item.settled))`) == "true"
	}, b, other)
}

// TestSaveAndOpen saves the trace of a collision, opens the file, and walks through it.
func TestSaveAndOpen(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b, other := w.tab("/polite"), w.native(demoRoom, "impolite", false)
	b.keepsSaved()
	b.eval(`globalThis.copied = []; Object.defineProperty(navigator, "clipboard", { value: { writeText: async (text) => { copied.push(text); } } })`, nil)
	b.connect()
	awaitChannels(t, 1, b, other)
	b.collideAtRandom(other, *savedCollisions)
	b.say("a secret")
	await(t, "chat arrives", func() bool { return len(other.received()) == 1 }, b, other)
	collisions := func() int { return len(b.texts(`#ladder > li[data-kind="collision"]`)) }
	await(t, "the ladder shows the collision", func() bool { return collisions() > 0 }, b, other)

	file := b.save()
	own := 0
	for line := range strings.Lines(file) {
		if l, err := trace.ParseLine([]byte(strings.TrimSpace(line))); err == nil && l.Side == trace.Here {
			own++
			if l.Event.Kind == trace.CollisionRollback && (l.Event.Code != trace.AsPolite || l.Event.Message.Type != trace.Offer) {
				t.Errorf("its rollback is %+v", l.Event)
			}
		}
	}
	if own < 10 || !strings.Contains(file, `"kind":"collision-rollback"`) || strings.Contains(file, "a secret") {
		t.Errorf("what is saved of %d events is not what happened:\n%s", own, file)
	}
	if read, err := dump.Read(strings.NewReader(file)); err != nil || !read.Masked || len(read.Events) < own {
		t.Errorf("the program reads %+v, %v", read, err)
	}
	if n, same := b.replays(file); n != 1 || same < 5**savedCollisions {
		t.Errorf("%d decisions of %d negotiations are the same", same, n)
	}
	b.press("#trace-plain")
	if plain := b.save(); !strings.Contains(plain, "a secret") || !strings.Contains(plain, `"room":"demo"`) {
		t.Error("in plain, it tells not all")
	}

	path := t.TempDir() + "/a.jsonl"
	if err := os.WriteFile(path, []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}
	live := collisions()
	if err := chromedp.Run(b.ctx, chromedp.SetUploadFiles(`#trace-file input[type=file]`, []string{path}, chromedp.ByQuery)); err != nil {
		t.Fatal(err)
	}
	const banner = `document.querySelector("#trace-banner").innerText.replace(/\s+/g, " ")`
	await(t, "it is open", func() bool { return strings.HasPrefix(b.text(banner), "Trace file a.jsonl · ") }, b)
	if got := collisions(); got < live || !strings.Contains(b.text(banner), "masked") {
		t.Errorf("%d collisions are %d in the file: %s", live, got, b.text(banner))
	}
	b.accessible("a file")
	place := func() string { return b.text(`document.querySelector("#trace-banner output").textContent`) }
	b.eval(`store = inspector.store; store.select(store.current.ordered().find((e) => e.kind === "collision-rollback"))`, nil)
	at := place()
	b.press(`#trace-banner [aria-label="Step back"]`)
	if place() == at || b.text(`document.querySelector("#ladder [aria-current]").dataset.kind`) != "collision" {
		t.Errorf("a step back from %s it is at %s", at, place())
	}
	b.press(`#trace-banner [aria-label="Step forward"]`)
	if place() != at || !strings.Contains(b.text(`document.querySelector("#why").innerText`), "took offer") {
		t.Errorf("a step further it is at %s, and not %s", place(), at)
	}
	await(t, "the log of the file marks the step", func() bool {
		return strings.Contains(strings.Join(b.texts(`#log-file:not([hidden]) > [aria-current=step] .text`), "|"), "Collision detected, rolling back")
	}, b)
	for _, button := range []struct{ label, want string }{{"Copy text", "You took offer"}, {"Copy Mermaid", "sequenceDiagram\n  participant here as you · polite"}} {
		b.eval(fmt.Sprintf(`[...document.querySelectorAll("#trace-export button")].find((e) => e.textContent === %q).click()`, button.label), nil)
		await(t, button.label, func() bool { return strings.Contains(b.text(`copied.at(-1) ?? ""`), button.want) }, b)
	}
	before := b.number(`saved.length`)
	b.press("#export-svg")
	await(t, "the picture is saved", func() bool { return b.number(`saved.length`) > before }, b)
	isPicture(t, b.text(`saved.at(-1).text()`))

	for name, script := range map[string]string{
		"This is no trace.":              `new File(["x"], "x")`,
		"The file has 65 MB; at most 64": `{ size: 65 << 20 }`,
	} {
		b.eval(`dispatchEvent(Object.assign(new Event("drop"), { dataTransfer: { files: [`+script+`] } }))`, nil)
		await(t, "it says "+name, func() bool {
			return strings.HasPrefix(b.text(`document.querySelector("#trace-error").textContent`), name)
		}, b)
	}
	b.renegotiate()
	await(t, "it goes on meanwhile", func() bool { return b.count(trace.Renegotiate) > 1 }, b)
	if at != place() {
		t.Errorf("what goes on moves the place to %s", place())
	}
	b.press("#trace-close")
	await(t, "it shows what happens", func() bool {
		return b.text(`document.querySelector("#trace-banner").hidden + " " + store.live`) == "true true"
	}, b)
	await(t, "all of it", func() bool {
		return b.text(`String(store.current.events.some((e) => e.kind === "renegotiate" && e.i > `+fmt.Sprint(own/2)+`))`) == "true"
	}, b)
	b.eval(`store.select(store.current.ordered().findLast((e) => e.side === "here" && e.kind === "renegotiate"))`, nil)
	await(t, "the log marks the step", func() bool {
		return strings.Contains(strings.Join(b.texts(`#log:not([hidden]) > [aria-current=step][data-kind=renegotiate] .text`), "|"), "Renegotiation requested")
	}, b)
}

// isPicture checks an SVG of a collision: it has lines in the colours that the page has,
// and needs none of its style sheets.
func isPicture(t *testing.T, text string) {
	t.Helper()
	var svg struct {
		XMLName xml.Name
		Title   string `xml:"title"`
	}
	if err := xml.Unmarshal([]byte(text), &svg); err != nil || svg.XMLName.Local != "svg" || !strings.HasPrefix(svg.Title, "Collision") {
		t.Errorf("the picture has the title %q: %v", svg.Title, err)
	}
	if lines := regexp.MustCompile(`<line [^>]*stroke="rgb`).FindAllString(text, -1); len(lines) < 3 || strings.Contains(text, "class=") {
		t.Errorf("it has %d lines:\n%s", len(lines), text)
	}
}

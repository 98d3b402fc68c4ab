package e2e

import (
	_ "embed"
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"perfect-negotiation/negotiation/trace"
)

// axe is axe-core 4.14.1, https://github.com/dequelabs/axe-core, as it is published.
//
//go:embed testdata/axe/axe.min.js
var axe string

// TestAccessible has axe-core check each state of the pages, in light and in dark
// colours, against WCAG 2.2 AA and best practice.
func TestAccessible(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.rawTab(w.url + "/")
	b.accessible("the landing page")
	b.eval(`document.querySelector("#room-name").value = "."; document.querySelector("#room-name").dispatchEvent(new Event("input"))`, nil)
	b.accessible("a name that is refused", "#room-form")
	b.show(w.url + "/nowhere")
	b.accessible("nothing here")

	other := w.native(demoRoom, "impolite", false)
	b.show(w.url + "/polite")
	b.accessible("not connected")
	b.ready()
	b.connect()
	awaitChannels(t, 1, b, other)
	b.press("#pattern")
	await(t, "it is on", func() bool { return b.pressed("pattern") }, b)
	other.say("hello")
	b.say("hello")
	renegotiateAtOnce(t, b, other, 3)
	await(t, "chat arrives", func() bool { return len(b.received()) == 1 }, b, other)
	b.openDrawers()
	b.accessible("after collisions")
	for _, panel := range []string{"machine", "sdp", "network", "rates"} {
		b.press("#tab-" + panel)
		await(t, panel+" is shown", func() bool { return b.number(`document.querySelector("#panel-`+panel+`").childElementCount`) > 0 }, b)
		b.accessible(panel, "#panels")
	}
	w.stop()
	await(t, "the relay is gone", func() bool { return b.count(trace.RelayLost) > 0 }, b)
	b.accessible("the relay is gone", "#notice")
	w.start(strings.TrimPrefix(w.url, "http://"))

	for range 3 {
		w.native("full", "", true)
	}
	b.show(w.url + "/r/full")
	awaitChannels(t, 6, b)
	b.accessible("a room of four")
}

// show opens another page in the tab.
func (b *tab) show(url string) {
	b.t.Helper()
	if err := b.navigate(url); err != nil {
		b.t.Fatal(err)
	}
}

// accessible reports what axe-core finds wrong with the page as it is, or with a part.
func (b *tab) accessible(state string, part ...string) {
	b.t.Helper()
	context := "document"
	if len(part) > 0 {
		context = fmt.Sprintf("document.querySelector(%q)", part[0])
	}
	b.eval(`if (typeof axe === "undefined") {`+axe+`}`, nil)
	for _, colours := range []string{"light", "dark"} {
		features := emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{
			{Name: "prefers-color-scheme", Value: colours},
			{Name: "prefers-reduced-motion", Value: "reduce"}, // so that colours change at once
		})
		if err := chromedp.Run(b.ctx, features); err != nil {
			b.t.Fatal(err)
		}
		rules := `{ type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }`
		if colours == "dark" { // nothing else changes with them
			rules = `{ type: "rule", values: ["color-contrast", "link-in-text-block"] }`
		}
		var wrong []string
		b.eval(`axe.run(`+context+`, { runOnly: `+rules+`, resultTypes: ["violations"] }).then(({ violations, passes }) => {
			if (!passes.length) throw new Error("axe-core has checked nothing");
			return violations.flatMap(({ id, nodes }) => nodes.map((n) => id + ": " + n.html.slice(0, 200) + " " + n.failureSummary));
		})`, &wrong)
		for _, w := range wrong {
			b.t.Errorf("%s, %s: %s", state, colours, w)
		}
	}
}

package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	cdp "github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"perfect-negotiation/negotiation/trace"
)

// driver drives a tab.
type driver interface {
	navigate(url string) error
	reload() error
	// evaluate runs JavaScript, waits for a promise, and stores what comes of it
	// in result, unless that is nil.
	evaluate(script string, result any) error
	// prepare has each page that is loaded from now on run a script first.
	prepare(script string) error
}

// chromium is a driver.
type chromium struct{ ctx context.Context }

func (c chromium) navigate(url string) error { return chromedp.Run(c.ctx, chromedp.Navigate(url)) }
func (c chromium) reload() error             { return chromedp.Run(c.ctx, chromedp.Reload()) }

func (c chromium) evaluate(script string, result any) error {
	return chromedp.Run(c.ctx, chromedp.Evaluate(script, result, func(p *runtime.EvaluateParams) *runtime.EvaluateParams {
		return p.WithAwaitPromise(true)
	}))
}

func (c chromium) prepare(script string) error {
	return chromedp.Run(c.ctx, chromedp.ActionFunc(func(ctx context.Context) error {
		_, err := cdp.AddScriptToEvaluateOnNewDocument(script).Do(ctx)
		return err
	}))
}

// tab is a tab of a browser that shows one of our pages.
type tab struct {
	driver
	t   *testing.T
	ctx context.Context // of chromedp
	url string
}

func (w *world) tab(path string) *tab {
	w.t.Helper()
	b := w.blank(w.url + path)
	b.open()
	return b
}

// blank returns a tab of Chromium that will show url.
func (w *world) blank(url string) *tab {
	w.t.Helper()
	if browser == nil {
		w.t.Skip("needs a browser and the built page: make test-tabs")
	}
	ctx, cancel := chromedp.NewContext(browser)
	w.t.Cleanup(cancel)
	return &tab{driver: chromium{ctx}, t: w.t, ctx: ctx, url: url}
}

func (b *tab) open() {
	b.t.Helper()
	if err := b.navigate(b.url); err != nil {
		b.t.Fatal(err)
	}
	b.ready()
}

// ready waits for the page, which may still be on its way: then there is nothing
// to evaluate a script in.
func (b *tab) ready() {
	b.t.Helper()
	await(b.t, "the page is ready", func() bool {
		var ready bool
		err := b.evaluate(`(({ ready, inspector }) => ready === "true" && inspector === "true")(document.documentElement.dataset) && document.querySelector("#signal").dataset.state === "connected"`, &ready)
		return err == nil && ready
	}, b)
}

func (b *tab) again() {
	b.t.Helper()
	if err := b.reload(); err != nil {
		b.t.Fatal(err)
	}
	b.ready()
}

// text evaluates JavaScript that gives a string.
func (b *tab) text(script string) (s string) {
	b.eval(script, &s)
	return s
}

func (b *tab) eval(script string, result any) {
	// What the page has not drawn yet is drawn first.
	if err := b.evaluate("try { globalThis.drawNow?.(); } catch { /* the program has stopped */ }\n"+script, result); err != nil {
		b.t.Errorf("%s: %v", script, err)
	}
}

func (b *tab) connect()     { b.eval(`document.querySelector("#connect").click()`, nil) }
func (b *tab) renegotiate() { b.eval(`document.querySelector("#renegotiate").click()`, nil) }

func (b *tab) say(lines ...string) {
	b.eval(fmt.Sprintf(`for (const line of %s) {
		document.querySelector("#message").value = line;
		document.querySelector("#send").click();
	}`, list(lines)), nil)
}

// list returns JavaScript for a list of texts.
func list(texts []string) string {
	text, err := json.Marshal(texts)
	if err != nil {
		panic(err) // texts can be encoded
	}
	return string(text)
}

func (b *tab) count(kind trace.Kind) (n int) {
	b.eval(fmt.Sprintf(`document.querySelectorAll('#log [data-kind=%q]').length`, kind), &n)
	return n
}

func (b *tab) lines(selector string) (lines []string) {
	b.eval(fmt.Sprintf(`[...document.querySelectorAll('#log %s .text')].map(e => e.textContent)`, selector), &lines)
	return lines
}

func (b *tab) received() []string {
	lines := b.lines(`[data-kind="chat-received"]`)
	for i, line := range lines {
		lines[i] = strings.TrimPrefix(line, "Received: ")
	}
	return lines
}

func (b *tab) surfaced() []string {
	bad := append(b.lines(`[data-level="warn"]`), b.lines(`[data-level="error"]`)...)
	return append(bad, b.texts(`#notice:not([hidden]) > #notice-text, #media-error:not([hidden])`)...)
}

func (b *tab) log() string {
	var lines []string
	b.eval(`[...document.querySelectorAll("#log > *")].slice(-60).map(e => e.textContent)`, &lines)
	return strings.Join(append(lines, b.text(`document.querySelector("#notice").textContent`)), "\n")
}

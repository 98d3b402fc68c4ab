package e2e

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/input"
	cdp "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"perfect-negotiation/negotiation/trace"
)

// notice returns the problem that the page shows, or "".
func (b *tab) notice() string {
	return b.text(`document.querySelector("#notice").hidden ? "" : document.querySelector("#notice-text").textContent`)
}

func (b *tab) awaitNotice(words string) {
	b.t.Helper()
	await(b.t, "the page says "+words, func() bool { return strings.Contains(b.notice(), words) }, b)
}

// texts returns those of all elements that a selector names.
func (b *tab) texts(selector string) (list []string) {
	b.eval(fmt.Sprintf(`[...document.querySelectorAll(%q)].map(e => e.textContent)`, selector), &list)
	return list
}

func (b *tab) press(selector string) {
	b.eval(fmt.Sprintf(`document.querySelector(%q).click()`, selector), nil)
}

// rawTab opens a tab and does not wait for our page.
func (w *world) rawTab(url string) *tab {
	w.t.Helper()
	b := w.blank(url)
	if err := b.navigate(url); err != nil {
		w.t.Fatal(err)
	}
	return b
}

func TestNothingHappensBeforeConnect(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	polite, impolite := w.tab("/polite"), w.tab("/impolite")
	for _, b := range []*tab{polite, impolite} {
		await(t, "they are paired", func() bool { return b.count(trace.Paired) > 0 }, b)
	}
	polite.renegotiate()
	await(t, "it says that there is nothing to renegotiate", func() bool { return polite.count(trace.NothingYet) == 1 }, polite)
	if state := polite.text(`document.querySelector("#status").dataset.state`); state != "new" {
		t.Errorf("state %q before Connect", state)
	}
}

// The page draws what happens though nothing asks it to.
func TestThePageDraws(t *testing.T) {
	t.Parallel()
	newWorld(t).tab("/polite").eval(fmt.Sprintf(`new Promise((drawn, late) => {
		setTimeout(late, %d, new Error("nothing is drawn"));
		new MutationObserver(drawn).observe(document.querySelector("#log"), { childList: true });
		document.querySelector("#renegotiate").click();
	}).then(() => null)`, patience.Milliseconds()), nil)
}

func TestConnectAloneIsRemembered(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	polite := w.tab("/polite")
	polite.connect()
	await(t, "it says so", func() bool { return polite.count(trace.ConnectWaiting) == 1 }, polite)
	impolite := w.tab("/impolite")
	awaitChannels(t, 1, polite, impolite)
	if lines := strings.Join(impolite.lines(""), "\n"); !strings.Contains(lines, "[IMPOLITE] Data channel 'data-polite' opened") {
		t.Errorf("the channel has another name:\n%s", lines)
	}
}

func TestARoleThatIsTaken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.tab("/polite")
	second := w.rawTab(w.url + "/polite")
	second.awaitNotice("polite")
	if first.notice() != "" {
		t.Errorf("the first tab says %q", first.notice())
	}
	if text := second.text(`document.querySelector("#notice-action").textContent`); text != "Try again" {
		t.Errorf("the way on is %q", text)
	}
	if words := second.notice(); words != "This room has its polite peer already. Open the impolite side, or make a room of your own." {
		t.Errorf("the page says %q", words)
	}
	var links []string
	second.eval(`[...document.querySelectorAll("#notice a")].map(a => a.href)`, &links)
	if !slices.Equal(links, []string{w.url + "/impolite", w.url + "/"}) {
		t.Errorf("the links are %q", links)
	}
}

// slowClock gives a page's tabs ten times as long to answer one another, so that they do
// on a slow machine, too.
const slowClock = `{
	const after = setTimeout, now = performance.now.bind(performance), begin = now();
	window.setTimeout = (f, time) => after(f, 10 * time);
	performance.now = () => begin + (now() - begin) / 10;
}`

// A tab that was duplicated has a copy of the key, and gets one of its own.
func TestATabIsDuplicated(t *testing.T) {
	t.Parallel()
	for name, prepare := range map[string]string{
		"with locks":            ``,
		"over plain http, else": `Object.defineProperty(navigator, "locks", {value: undefined});` + slowClock,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			first, second := w.rawTab(w.url+"/healthz"), w.rawTab(w.url+"/healthz")
			for _, b := range []*tab{first, second} {
				b.url = w.url + "/r/twice"
				b.beforeLoad(prepare)
			}
			first.open()
			key := first.text(`sessionStorage.getItem("key /r/twice")`)
			second.eval(fmt.Sprintf(`sessionStorage.setItem("key /r/twice", %q)`, key), nil) // as duplicating a tab does
			second.open()
			awaitChannels(t, 2, first, second)
			if again := first.text(`sessionStorage.getItem("key /r/twice")`); again != key {
				t.Error("the first tab has another key")
			}
			first.again()
			if again := first.text(`sessionStorage.getItem("key /r/twice")`); again != key {
				t.Error("after a reload it has another key")
			}
		})
	}
}

// Of several tabs that start with the same key at the same time one keeps it, and the
// others get keys of their own.
func TestTabsAreRestoredAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var tabs []*tab
	for range 3 {
		b := w.rawTab(w.url + "/healthz")
		b.eval(`sessionStorage.setItem("key /r/restored", "0123456789abcdef0123456789abcdef")`, nil)
		b.url = w.url + "/r/restored"
		b.beforeLoad(`{
			Object.defineProperty(navigator, "locks", { value: undefined });
			const all = new BroadcastChannel("all"), go = new Promise((go) => { all.onmessage = go; });
			const make = WebAssembly.instantiate;
			WebAssembly.instantiate = async (...args) => {
				window.loaded = true;
				await go;
				return make(...args);
			};
		}` + slowClock)
		if err := b.navigate(b.url); err != nil {
			t.Fatal(err)
		}
		await(t, "the program is there", func() bool { return b.text(`String(window.loaded)`) == "true" }, b)
		tabs = append(tabs, b)
	}
	w.rawTab(w.url+"/healthz").eval(`new BroadcastChannel("all").postMessage("go")`, nil)
	keys := map[string]bool{}
	for _, b := range tabs {
		b.ready()
		keys[b.text(`sessionStorage.getItem("key /r/restored")`)] = true
		awaitChannels(t, 4, b)
	}
	if len(keys) != 3 || !keys["0123456789abcdef0123456789abcdef"] {
		t.Errorf("their keys are %v", keys)
	}
}

func TestTheProgramStops(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.rawTab(w.url + "/healthz")
	// The first thing that the program asks of the page kills it.
	b.beforeLoad(`Object.defineProperty(document, "getElementById", { value(id) {
		return id === "renegotiate" ? null : Document.prototype.getElementById.call(this, id);
	} })`)
	if err := b.navigate(w.url + "/polite"); err != nil {
		t.Fatal(err)
	}
	b.awaitNotice("stopped")
}

func TestThePageIsNotBuilt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.rawTab(w.url + "/healthz")
	b.beforeLoad(`new MutationObserver(() => { if (document.documentElement) { document.documentElement.dataset.wasm = ""; } }).observe(document, {childList: true, subtree: true})`)
	if err := b.navigate(w.url + "/polite"); err != nil {
		t.Fatal(err)
	}
	b.awaitNotice("make build")
}

// A tab from the back/forward cache has lost its sockets: it starts anew.
func TestATabThatComesBackReloads(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.tab("/polite")
	b.eval(`globalThis.before = true; dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true }))`, nil)
	b.awaitAnother()
	b.ready()
}

// awaitAnother waits for another page in place of the one that has set globalThis.before.
func (b *tab) awaitAnother() {
	b.t.Helper()
	await(b.t, "the page is another one", func() bool {
		var before bool
		err := b.evaluate(`globalThis.before === true`, &before)
		return err == nil && !before // an error: the page is on its way
	}, b)
}

func TestABrowserThatCannot(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for script, words := range map[string]string{
		`delete globalThis.RTCPeerConnection`: "WebRTC",
		`delete globalThis.WebAssembly`:       "WebAssembly",
	} {
		b := w.rawTab(w.url + "/healthz")
		b.beforeLoad(script)
		if err := b.navigate(w.url + "/polite"); err != nil {
			t.Fatal(err)
		}
		b.awaitNotice(words)
	}
}

// The page is used without a mouse.
func TestKeyboard(t *testing.T) {
	w := newWorld(t)
	polite, impolite := w.tab("/polite"), w.tab("/impolite")
	run := func(actions ...chromedp.Action) {
		t.Helper()
		if err := chromedp.Run(polite.ctx, actions...); err != nil {
			t.Fatal(err)
		}
	}
	run(chromedp.Focus("#connect"), chromedp.KeyEvent(kb.Enter))
	awaitChannels(t, 1, polite, impolite)
	await(t, "a message can be sent", polite.canSend, polite)
	if !polite.visible("#message") { // the window is narrow
		run(chromedp.Focus("#chat-drawer > summary"), chromedp.KeyEvent(kb.Enter))
	}
	run(chromedp.Focus("#message"), chromedp.KeyEvent("typed"), chromedp.KeyEvent(kb.Enter))
	await(t, "chat arrives", func() bool { return slices.Contains(impolite.received(), "typed") }, impolite)
	run(chromedp.Focus("#collide"), chromedp.KeyEvent(kb.Enter, chromedp.KeyModifiers(input.ModifierShift)))
	await(t, "offers collide ten times", func() bool { return impolite.count(trace.CollisionIgnored) >= 10 }, polite, impolite)
}

// The content security policy never blocks the page's own code.
func TestContentSecurityPolicy(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, path := range []string{"/", "/polite", "/r/room"} {
		b := w.rawTab(w.url + "/healthz")
		b.beforeLoad(`globalThis.violations = []; addEventListener("securitypolicyviolation", (e) => violations.push(e.violatedDirective + " " + e.blockedURI))`)
		if err := b.navigate(w.url + path); err != nil {
			t.Fatal(err)
		}
		if path != "/" {
			b.ready()
		}
		if v := b.text(`violations.join("; ")`); v != "" {
			t.Errorf("%s: %s", path, v)
		}
	}
}

// beforeLoad runs a script before those of every page that is opened next.
func (b *tab) beforeLoad(script string) {
	b.t.Helper()
	add := chromedp.ActionFunc(func(ctx context.Context) error {
		_, err := cdp.AddScriptToEvaluateOnNewDocument(script).Do(ctx)
		return err
	})
	if err := chromedp.Run(b.ctx, add); err != nil {
		b.t.Fatal(err)
	}
}

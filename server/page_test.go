package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	cdp "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"perfect-negotiation/negotiation"
	"perfect-negotiation/negotiation/peer"
	"perfect-negotiation/negotiation/signaling"
)

// notice returns what the page says is wrong, or "".
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
	w := newWorld(t)
	polite, impolite := w.tab("/polite"), w.tab("/impolite")
	for _, b := range []*tab{polite, impolite} {
		await(t, "they are paired", func() bool { return b.count(peer.Paired) > 0 }, b)
	}
	polite.renegotiate()
	await(t, "it says that there is nothing to renegotiate", func() bool { return polite.count(peer.NothingYet) == 1 }, polite)
	if state := polite.text(`document.querySelector("#status").dataset.state`); state != "new" {
		t.Errorf("state %q before Connect", state)
	}
}

func TestConnectAloneIsRemembered(t *testing.T) {
	w := newWorld(t)
	polite := w.tab("/polite")
	polite.connect()
	await(t, "it says so", func() bool { return polite.count(peer.ConnectWaiting) == 1 }, polite)
	impolite := w.tab("/impolite")
	awaitChannels(t, 1, polite, impolite)
	if lines := strings.Join(impolite.lines(""), "\n"); !strings.Contains(lines, "[IMPOLITE] Data channel 'data-polite' opened") {
		t.Errorf("the channel has another name:\n%s", lines)
	}
}

func TestARoleThatIsTaken(t *testing.T) {
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
}

// A tab that was duplicated has a copy of the key, and gets one of its own.
func TestATabIsDuplicated(t *testing.T) {
	for name, prepare := range map[string]string{
		"with locks":            ``,
		"over plain http, else": `Object.defineProperty(navigator, "locks", {value: undefined})`,
	} {
		t.Run(name, func(t *testing.T) {
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

// Of tabs with the same key that begin at the same time one has it, and the others
// get one of their own.
func TestTabsAreRestoredAtOnce(t *testing.T) {
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
			// So that they do so on a slow machine, too, its clock goes slowly.
			const after = setTimeout, now = performance.now.bind(performance), begin = now();
			window.setTimeout = (f, time) => after(f, 20 * time);
			performance.now = () => begin + (now() - begin) / 20;
		}`)
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

// Whoever has the key of a tab takes its place, until the tab is told to take it back.
func TestReplaced(t *testing.T) {
	w := newWorld(t)
	first := w.tab("/polite")
	p, err := peer.Join(t.Context(), peer.Config{Options: signaling.Options{
		Server: w.url, Room: demoRoom, Role: "polite", Key: first.text(`sessionStorage.getItem("key /polite")`),
	}})
	if err != nil {
		t.Fatal(err)
	}
	first.awaitNotice("another tab")
	first.press("#notice-action")
	first.ready()
	p.Close()
	<-p.Done()
}

func TestTheRelayGoesAndComesBack(t *testing.T) {
	w := newWorld(t)
	polite, impolite := w.tab("/polite"), w.tab("/impolite")
	polite.connect()
	awaitChannels(t, 1, polite, impolite)
	w.stop()
	for _, b := range []*tab{polite, impolite} {
		b.awaitNotice("relay")
	}
	polite.say("still connected")
	await(t, "chat goes on without the relay", func() bool { return slices.Contains(impolite.received(), "still connected") }, polite, impolite)
	w.start(strings.TrimPrefix(w.url, "http://"))
	for _, b := range []*tab{polite, impolite} {
		await(t, "the notice is gone", func() bool { return b.notice() == "" }, b)
	}
	impolite.renegotiate()
	await(t, "its offer is answered", func() bool { return impolite.count(negotiation.AnswerReceived) > 0 }, polite, impolite)
}

func TestTheProgramStops(t *testing.T) {
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

func TestThePageIsFromOtherSource(t *testing.T) {
	w := newWorld(t)
	b := w.rawTab(w.url + "/healthz")
	before := `new MutationObserver((_, o) => { if (document.documentElement) { document.documentElement.dataset.source = "another"; } }).observe(document, {childList: true, subtree: true})`
	b.beforeLoad(before)
	if err := b.navigate(w.url + "/polite"); err != nil {
		t.Fatal(err)
	}
	b.awaitNotice("make build")
}

func TestThePageIsNotBuilt(t *testing.T) {
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
	w := newWorld(t)
	b := w.tab("/polite")
	b.eval(`globalThis.before = true; dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true }))`, nil)
	await(t, "the page is another one", func() bool { return b.text(`String(globalThis.before)`) == "undefined" }, b)
	b.ready()
}

func TestABrowserThatCannot(t *testing.T) {
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
	await(t, "the message can be typed", func() bool { return polite.text(`document.querySelector("#message").disabled + ""`) == "false" }, polite)
	run(chromedp.Focus("#message"), chromedp.KeyEvent("typed"), chromedp.KeyEvent(kb.Enter))
	await(t, "chat arrives", func() bool { return slices.Contains(impolite.received(), "typed") }, impolite)
}

// The policy that keeps foreign script out is never in the way of our own.
func TestContentSecurityPolicy(t *testing.T) {
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

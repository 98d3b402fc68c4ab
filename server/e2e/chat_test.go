package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"perfect-negotiation/negotiation/peer"
	"perfect-negotiation/negotiation/trace"
)

// choose selects the receiver of the next line, as the reader does.
func (b *tab) choose(id string) {
	b.eval(fmt.Sprintf(`{
		const to = document.querySelector("#to");
		to.value = %q;
		to.dispatchEvent(new Event("change"));
	}`, id), nil)
}

func (b *tab) id() string { return b.text(`document.querySelector("#self").dataset.id`) }

// canSend reports whether a line can be sent now.
func (b *tab) canSend() bool {
	return b.text(`document.querySelector("#send").disabled + ""`) == "false"
}

// choices returns the possible receivers; * marks the selected one.
func (b *tab) choices() []string {
	return strings.Split(b.text(`[...document.querySelector("#to").options].map(o => o.textContent + (o.selected ? "*" : "")).join()`), ",")
}

// A private line goes to nobody else when its receiver leaves, and to the receiver
// when it returns.
func TestWhomALineIsFor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.blank(w.url + "/r/three")
	if err := b.prepare(`addEventListener("DOMContentLoaded", () => {
		window.added = 0;
		new MutationObserver((records) => { for (const r of records) added += r.addedNodes.length; })
			.observe(document.querySelector("#to"), { childList: true });
	})`); err != nil {
		t.Fatal(err)
	}
	b.open()
	chosen, other := w.tab("/r/three"), w.tab("/r/three")
	for _, tab := range []*tab{b, chosen, other} {
		awaitChannels(t, 4, tab)
	}
	id := chosen.id()
	b.choose(id)
	if err := chosen.navigate(w.url + "/healthz"); err != nil {
		t.Fatal(err)
	}
	await(t, "it says that it is gone", func() bool { return slices.Contains(b.choices(), peer.ShortID(id)+" (gone)*") }, b)
	if b.canSend() || b.text(`document.querySelector("#to").hidden + ""`) == "true" {
		t.Error("a line can be sent, or nobody else be chosen")
	}
	b.say("for one")
	if typed := b.text(`document.querySelector("#message").value`); typed != "for one" {
		t.Errorf("of what could not be sent there is %q left", typed)
	}
	chosen.open()
	await(t, "it can be written to again", b.canSend, b)
	b.say("for one")
	await(t, "chat arrives", func() bool { return slices.Equal(chosen.received(), []string{"for one"}) }, b, chosen)
	if n := b.number(`added`); n != 2 {
		t.Errorf("of two peers %d choices were made", n)
	}
	if err := chosen.navigate(w.url + "/healthz"); err != nil {
		t.Fatal(err)
	}
	await(t, "it cannot", func() bool { return !b.canSend() }, b)
	b.choose("")
	if list := b.choices(); !slices.Equal(list, []string{"Everybody*", peer.ShortID(other.id())}) {
		t.Errorf("the choices are %q", list)
	}
	b.say("for all")
	await(t, "chat arrives", func() bool { return len(other.received()) > 0 }, b, other)
	if lines := other.received(); !slices.Equal(lines, []string{"for all"}) {
		t.Errorf("the other one has received %q", lines)
	}
}

// Typed text stays when no peer is left to read it, and so does the focus.
func TestWhatIsTypedStays(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b, n := w.tab("/r/typed"), w.native("typed", "", true)
	awaitChannels(t, 2, b, n)
	run := func(actions ...chromedp.Action) {
		t.Helper()
		if err := chromedp.Run(b.ctx, actions...); err != nil {
			t.Fatal(err)
		}
	}
	b.openDrawers()
	run(chromedp.Focus("#message"), chromedp.KeyEvent("half a"))
	n.close()
	await(t, "nothing can be sent", func() bool { return !b.canSend() }, b)
	run(chromedp.KeyEvent(kb.Enter), chromedp.KeyEvent(" line"))
	if typed := b.text(`document.querySelector("#message").value`); typed != "half a line" {
		t.Errorf("there is %q left", typed)
	}
	n = w.native("typed", "", true)
	await(t, "it can be sent", b.canSend, b)
	run(chromedp.KeyEvent(kb.Enter))
	await(t, "chat arrives", func() bool { return slices.Equal(n.received(), []string{"half a line"}) }, b, n)
	// The program learns of a failure when the reader has typed more.
	b.eval(`{
		const { prototype } = RTCDataChannel;
		Object.defineProperty(prototype, "bufferedAmount", { get() { window.channel = this; return 2 << 20; } });
		prototype.send = () => { throw new DOMException("no", "OperationError"); };
		const message = document.querySelector("#message");
		message.value = "not sent,";
		document.querySelector("#send").click();
		message.value = "and typed";
		channel.dispatchEvent(new Event("bufferedamountlow"));
	}`, nil)
	await(t, "both are there", func() bool { return b.text(`document.querySelector("#message").value`) == "not sent, and typed" }, b)
}

// The page shows the beginning of a long line.
func TestOfALongLineTheBeginning(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b, n := w.tab("/r/long"), w.native("long", "", true)
	awaitChannels(t, 2, b, n)
	for length, want := range map[int]string{
		4000:    strings.Repeat("ü", 4000),
		20_000:  strings.Repeat("ü", 4000) + "… (20,000 characters)",
		100_000: strings.Repeat("ü", 4000) + "… (100,000 characters)",
	} {
		n.say(strings.Repeat("ü", length))
		await(t, "chat arrives", func() bool { return slices.Contains(b.received(), want) }, n)
		if !slices.Contains(b.texts("#chat p span"), want) {
			t.Errorf("the chat has another line of %d", length)
		}
	}
}

// Each line is set in its own direction.
func TestDirections(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b, n := w.tab("/r/directions"), w.native("directions", "", true)
	awaitChannels(t, 2, b, n)
	b.eval(`document.querySelector("#message").value = "שלום!"`, nil)
	n.say("שלום עולם!")
	await(t, "chat arrives", func() bool { return len(b.received()) == 1 }, b, n)
	for selector, want := range map[string]string{
		"#chat p span":               "rtl",
		"#message":                   "rtl",
		`[data-kind^="chat-"] bdi`:   "rtl",
		`[data-kind^="chat-"] .text`: "ltr",
	} {
		if is := b.text(fmt.Sprintf(`getComputedStyle(document.querySelector(%q)).direction`, selector)); is != want {
			t.Errorf("%s is set %s", selector, is)
		}
	}
}

// With several peers a line of the log says which one it is about, beside its text.
func TestTheLogSaysWhichPeer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b, n := w.tab("/r/which"), w.native("which", "", true)
	awaitChannels(t, 2, b, n)
	if ids := b.texts("#log .other"); len(ids) != 0 {
		t.Errorf("with one other peer it says %q", ids)
	}
	second := w.native("which", "", true)
	awaitChannels(t, 4, b)
	awaitChannels(t, 4, n, second)
	for _, from := range []*native{n, second} {
		before := len(b.received())
		from.say("hello")
		await(t, "chat arrives", func() bool { return len(b.received()) > before }, b)
		last := `[...document.querySelectorAll('#log [data-kind="chat-received"]')].at(-1)`
		if id, words := b.text(last+`.querySelector(".other").textContent`), b.text(last+`.lastChild.textContent`); id != peer.ShortID(from.id()) || words != "Received: hello" {
			t.Errorf("of %s it says %q %q", from.id(), id, words)
		}
	}
	if height := b.number(`Math.round(document.querySelector("#log .line:last-child").offsetHeight)`); height > 60 {
		t.Errorf("a short line is %d pixels high", height)
	}
	if lines := b.lines(fmt.Sprintf("[data-kind=%q]", trace.Connected)); !slices.Equal(lines, []string{"[IMPOLITE] ✓ Peer connection connected!", "[IMPOLITE] ✓ Peer connection connected!"}) {
		t.Errorf("the lines are %q", lines)
	}
}

package e2e

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"perfect-negotiation/negotiation/trace"
)

// tiles returns what a page shows of the other side's media.
func (b *tab) tiles() string {
	return b.text(`[...document.querySelectorAll("#media figure:not([hidden])")].map(f => f.dataset.kind).sort().join(", ")`)
}

func (b *tab) awaitTiles(want string, who ...participant) {
	b.t.Helper()
	await(b.t, fmt.Sprintf("the tiles are %q", want), func() bool { return b.tiles() == want }, append(who, b)...)
}

// countListeners counts those of tracks.
const countListeners = `{
	window.listeners = 0;
	const { addEventListener, removeEventListener } = EventTarget.prototype;
	MediaStreamTrack.prototype.addEventListener = function(...args) { listeners++; addEventListener.apply(this, args); };
	MediaStreamTrack.prototype.removeEventListener = function(...args) { listeners--; removeEventListener.apply(this, args); };
}`

func (b *tab) number(script string) (n int) {
	b.eval(script, &n)
	return n
}

func (b *tab) pressed(id string) bool {
	return b.text(`document.querySelector("#`+id+`").ariaPressed`) == "true"
}

// What is switched on before Connect is sent from the beginning.
func TestMediaBeforeConnect(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	sender, viewer := w.tab("/polite"), w.tab("/impolite")
	for _, id := range []string{"camera", "microphone", "pattern"} {
		sender.press("#" + id)
		await(t, id+" is on", func() bool { return sender.pressed(id) }, sender)
	}
	sender.press("#pattern")
	sender.connect()
	viewer.awaitTiles("audio, video", sender)
}

// The browser has a button of its own to stop sharing.
func TestScreen(t *testing.T) {
	w := newWorld(t)
	sender, viewer := w.tab("/polite"), w.tab("/impolite")
	sender.connect()
	awaitChannels(t, 1, sender, viewer)
	sender.eval(`{
		const get = navigator.mediaDevices.getDisplayMedia.bind(navigator.mediaDevices);
		navigator.mediaDevices.getDisplayMedia = async (constraints) => window.shared = await get(constraints);
	}`, nil)
	sender.openDrawers()
	for range 2 {
		if err := chromedp.Run(sender.ctx, chromedp.Click("#screen")); err != nil { // a press by script may not share
			t.Fatal(err)
		}
		viewer.awaitTiles("video", sender)
		sender.eval(`shared.getTracks()[0].dispatchEvent(new Event("ended"))`, nil)
		viewer.awaitTiles("", sender)
		if sender.pressed("screen") {
			t.Error("the button is still pressed")
		}
	}
	nothingSurfaced(t, sender, viewer)
}

// A source that fails leaves nothing behind, and can be tried again.
func TestASourceThatFails(t *testing.T) {
	t.Parallel()
	b := newWorld(t).mediaTab("/polite")
	b.eval(`{
		const [begin, end] = [setInterval, clearInterval];
		window.timers = new Set();
		window.setInterval = (...args) => { const timer = begin(...args); timers.add(timer); return timer; };
		window.clearInterval = (timer) => { timers.delete(timer); end(timer); };
		window.capture = HTMLCanvasElement.prototype.captureStream;
		HTMLCanvasElement.prototype.captureStream = () => new MediaStream();
	}`, nil)
	b.eval(countListeners, nil)
	held := func() [2]int { return [2]int{b.number(`timers.size`), b.number(`listeners`)} }
	b.press("#pattern")
	await(t, "the page says why", func() bool {
		return strings.Contains(b.text(`document.querySelector("#media-error").textContent`), "No test pattern")
	}, b)
	if b.pressed("pattern") || held() != [2]int{} {
		t.Errorf("pressed: %v, timers and listeners: %d", b.pressed("pattern"), held())
	}
	b.eval(`HTMLCanvasElement.prototype.captureStream = capture`, nil)
	for range 2 {
		b.play(true)
		if n := held(); n != [2]int{1, 1} {
			t.Errorf("%d timers and listeners while it is on", n)
		}
		b.play(false)
		if n := held(); n != [2]int{} {
			t.Errorf("%d timers and listeners are left", n)
		}
	}
}

// The browser may refuse to replace a track only when it has looked.
func TestATrackIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	sender, viewer := w.mediaTab("/polite"), w.mediaTab("/impolite")
	sender.connect()
	awaitChannels(t, 1, sender, viewer)
	sender.play(true)
	viewer.awaitTiles("video", sender)
	sender.eval(`
		window.replace = RTCRtpSender.prototype.replaceTrack;
		RTCRtpSender.prototype.replaceTrack = () => Promise.reject(new DOMException("no", "InvalidModificationError"))`, nil)
	sender.play(false)
	await(t, "it says that it cannot", func() bool { return sender.count(trace.SendingFailed) == 1 }, sender)
	if notice := sender.notice(); notice != "" {
		t.Errorf("the page says %q", notice)
	}
	sender.eval(`RTCRtpSender.prototype.replaceTrack = replace`, nil)
	sender.play(true)
	before := viewer.pictures()
	await(t, "pictures come", func() bool { return viewer.pictures() > before+5 }, sender, viewer)
	sender.play(false)
	viewer.awaitTiles("", sender)
}

// A track that comes when its pairing has ended has no tile.
func TestATrackComesTooLate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	sender, viewer := w.tab("/polite"), w.mediaTab("/impolite")
	viewer.play(true)
	sender.connect()
	awaitChannels(t, 1, sender, viewer)
	sender.awaitTiles("video", viewer)
	viewer.eval(`RTCRtpSender.prototype.replaceTrack = () => new Promise((go) => { window.proceed = go })`, nil)
	viewer.play(false) // and the Session cannot end yet
	await(t, "the browser is asked", func() bool { return viewer.text(`typeof proceed`) == "function" }, viewer)
	sender.again()
	await(t, "the pairing has ended", func() bool { return viewer.count(trace.Unpaired) == 1 }, viewer)
	viewer.eval(`{
		const [transceiver] = connections[0].getTransceivers();
		const { receiver } = transceiver;
		connections[0].dispatchEvent(new RTCTrackEvent("track", { receiver, transceiver, track: receiver.track }));
	}`, nil)
	sender.connect()
	sender.press("#pattern")
	viewer.awaitTiles("video", sender)
	if all := viewer.number(`document.querySelectorAll("#media figure").length`); all != 1 {
		t.Errorf("%d tiles for one track", all)
	}
	viewer.eval(`proceed()`, nil)
}

// A tile that is taken away listens to nothing any more.
func TestTilesAreLetGo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	sender, viewer := w.tab("/polite"), w.tab("/impolite")
	viewer.eval(countListeners, nil)
	for range 2 {
		sender.connect()
		sender.press("#pattern")
		viewer.awaitTiles("video", sender)
		sender.again()
		viewer.awaitTiles("", sender)
		if n := viewer.number(`listeners`); n != 0 {
			t.Errorf("%d listeners are left", n)
		}
	}
}

package e2e

import (
	"strings"
	"testing"

	cdp "github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// TestMediaAtOnce has both sides switch a picture on and off at the same time.
func TestMediaAtOnce(t *testing.T) {
	t.Parallel()
	for _, c := range mediaCouples() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			polite, impolite := c.make(newWorld(t))
			both(polite, impolite, func(p participant) {
				p.(player).play(true)
				p.connect()
			})
			awaitPictures(t, polite, impolite)
			for range 5 {
				both(polite, impolite, func(p participant) {
					p.(player).play(false)
					p.(player).play(true)
				})
				awaitArrival(t, polite, impolite)
			}
			nothingSurfaced(t, polite, impolite)
		})
	}
}

// TestTiles checks how a page shows the other side's media.
func TestTiles(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	sender, viewer := w.mediaTab("/polite"), w.mediaTab("/impolite")
	sender.connect()
	awaitChannels(t, 1, sender, viewer)
	for _, id := range []string{"camera", "microphone", "pattern"} {
		sender.press("#" + id)
	}
	viewer.awaitTiles("audio, video, video", sender)
	sender.play(false)
	viewer.awaitTiles("audio, video", sender)
	sender.play(true)
	viewer.awaitTiles("audio, video, video", sender)
	if err := chromedp.Run(viewer.ctx, cdp.BringToFront(), chromedp.EmulateViewport(1100, 700)); err != nil {
		t.Fatal(err)
	}
	viewer.eval(`document.querySelector("#media").scrollIntoView()`, nil) // what is out of sight need not play
	await(t, "they play, though nobody has touched the page", func() bool {
		return viewer.text(`[...document.querySelectorAll("#media video")].map(v => !v.paused && v.currentTime > 0).join()`) == "true,true"
	}, sender, viewer)
	sender.again()
	viewer.awaitTiles("", sender)
}

// TestNoMedia has the browser refuse media in several ways, which the page must
// explain.
func TestNoMedia(t *testing.T) {
	t.Parallel()
	tab := newWorld(t).mediaTab("/polite")
	for _, c := range []struct{ id, name, want string }{
		{"camera", "NotAllowedError", "The camera was not allowed."},
		{"microphone", "NotFoundError", "This device has no microphone."},
		{"camera", "NotReadableError", "Another program may use it."},
		{"screen", "NotAllowedError", "The screen was not allowed."},
	} {
		tab.eval(`navigator.mediaDevices.getUserMedia = navigator.mediaDevices.getDisplayMedia =
			() => Promise.reject(new DOMException("no", "`+c.name+`"))`, nil)
		tab.eval(`document.querySelector("#`+c.id+`").click()`, nil)
		await(t, c.want, func() bool {
			return strings.Contains(tab.text(`document.querySelector("#media-error").textContent`), c.want)
		}, tab)
		if pressed := tab.text(`document.querySelector("#` + c.id + `").ariaPressed`); pressed != "false" {
			t.Errorf("%s is pressed", c.id)
		}
	}
	tab.eval(`Object.defineProperty(navigator, "mediaDevices", {value: undefined})`, nil)
	tab.eval(`document.querySelector("#camera").click()`, nil)
	await(t, "it says why", func() bool {
		return strings.Contains(tab.text(`document.querySelector("#media-error").textContent`), "https")
	}, tab)
}

// TestMediaSoundIsDecoded has a tab hear the tone.
func TestMediaSoundIsDecoded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tab := w.mediaTab("/r/sound")
	startPeer(t, w, "--room", "sound", "--media", "pattern")
	awaitSounds(t, tab)
	if err := chromedp.Run(tab.ctx, chromedp.Evaluate(`document.querySelector("audio").play()`, nil, func(p *runtime.EvaluateParams) *runtime.EvaluateParams {
		return p.WithUserGesture(true) // without one a page plays no sound
	})); err != nil {
		t.Fatal(err)
	}
	await(t, "the tone is heard", func() (heard bool) {
		tab.eval(`(async () => {
			for (const pc of connections)
				for (const s of (await pc.getStats()).values())
					if (s.type === "inbound-rtp" && s.kind === "audio" && s.totalAudioEnergy > 0)
						return true;
			return false;
		})()`, &heard)
		return heard
	}, tab)
	nothingSurfaced(t, tab)
}

// TestMediaCommand has the native peer play while the user wants it.
func TestMediaCommand(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	n := w.mediaNative("media", "")
	p := startPeer(t, w, "--room", "media", "--media", "pattern")
	for range 2 {
		awaitPictures(t, n)
		awaitSounds(t, n)
		p.write("/media off")
		await(t, "its tracks end", func() bool { return n.tracks.Load() == 0 }, n)
		p.write("/media on", "/media on")
	}
	awaitPictures(t, n)
	nothingSurfaced(t, n)
}

// TestEcho has a native peer send a tab its own pictures, each in its own shape,
// and its own sound.
func TestEcho(t *testing.T) {
	t.Parallel()
	withoutDetector(t)
	w := newWorld(t)
	tab := w.mediaTab("/r/echo")
	startPeer(t, w, "--room", "echo", "--media", "echo")
	shapes := func() string {
		return tab.text(`(async () => {
			const shapes = [];
			for (const pc of connections)
				for (const { kind, type, framesDecoded, frameWidth, frameHeight } of (await pc.getStats()).values())
					if (type === "inbound-rtp" && kind === "video" && framesDecoded > 5)
						shapes.push((frameWidth / frameHeight).toFixed(1));
			return shapes.sort().join();
		})()`)
	}
	tab.play(true)
	await(t, "the pattern comes back", func() bool { return shapes() == "1.8" }, tab)
	tab.press("#camera")
	await(t, "both pictures come back", func() bool { return shapes() == "1.3,1.8" }, tab)
	tab.microphone()
	awaitSounds(t, tab)
	nothingSurfaced(t, tab)
}

// TestEchoNative has a native peer send another one its own picture and sound.
func TestEchoNative(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	n := w.mediaNative("echo", "")
	startPeer(t, w, "--room", "echo", "--media", "echo")
	n.play(true)
	for range 2 {
		awaitPictures(t, n)
		awaitSounds(t, n)
		n.play(false)
		await(t, "its tracks end", func() bool { return n.tracks.Load() == 0 }, n)
		n.play(true)
	}
	nothingSurfaced(t, n)
}

package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/webrtc/v4/pkg/media/ivfreader"

	"perfect-negotiation/negotiation/peer"
	"perfect-negotiation/server/media"
)

// player is a participant that can send the pattern and count what it gets.
type player interface {
	participant
	play(on bool)
	// pictures returns how many frames of video were decoded, or natively how
	// many packets came.
	pictures() int
}

// mediaNative is a native peer that plays and counts.
type mediaNative struct {
	*native
	player  *media.Player
	packets atomic.Int64 // of video
}

// withoutDetector skips a test in which media reach a native peer. They may come
// before the answer that tells of them; in pion two goroutines then read the same
// stream (pc:1920, pc:1421), and the race detector sees it.
func withoutDetector(t *testing.T) {
	t.Helper()
	if raceEnabled {
		t.Skip("pion has a race with early media: make test runs it without the detector, too")
	}
}

func (w *world) mediaNative(room, role string) *mediaNative {
	w.t.Helper()
	withoutDetector(w.t)
	m := &mediaNative{}
	m.native = w.native(room, role, false, func(_ string, track peer.RemoteTrack) {
		for {
			if _, _, err := track.ReadRTP(); err != nil {
				return
			}
			if track.Kind() == "video" {
				m.packets.Add(1)
			}
		}
	})
	var err error
	if m.player, err = media.NewPlayer(); err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(m.player.Close)
	return m
}

func (m *mediaNative) play(on bool) {
	if on {
		m.p.Send("", "pattern", m.player.Video)
		m.p.Send("", "tone", m.player.Audio)
	} else {
		m.p.Unsend("", "pattern")
		m.p.Unsend("", "tone")
	}
}

func (m *mediaNative) pictures() int { return int(m.packets.Load()) }

// mediaTab is a tab that plays and counts.
type mediaTab struct{ *tab }

// remember keeps the connections of a page where a test can ask them.
const remember = `{
	const made = window.RTCPeerConnection;
	window.connections = [];
	window.decoded = 0;
	window.counters = {};
	window.RTCPeerConnection = function(...args) {
		const pc = new made(...args);
		window.connections.push(pc);
		return pc;
	};
	window.RTCPeerConnection.prototype = made.prototype;
}`

func (w *world) mediaTab(path string) *mediaTab {
	w.t.Helper()
	return remembering(w.blank(w.url + path))
}

// remembering opens a tab that is still blank.
func remembering(b *tab) *mediaTab {
	b.t.Helper()
	if err := b.prepare(remember); err != nil {
		b.t.Fatal(err)
	}
	b.open()
	return &mediaTab{b}
}

func (m *mediaTab) play(on bool) {
	pressed := map[bool]string{true: "true", false: "false"}[on]
	m.eval(`document.querySelector("#pattern").click()`, nil)
	await(m.t, "the button is pressed", func() bool { return m.text(`document.querySelector("#pattern").ariaPressed`) == pressed }, m)
}

func (m *mediaTab) pictures() (n int) {
	m.eval(`(async () => {
		for (const pc of connections)
			for (const s of (await pc.getStats()).values())
				if (s.type === "inbound-rtp" && s.kind === "video") {
					const now = s.framesDecoded ?? 0, before = counters[s.id] ?? 0;
					decoded += now < before ? now : now - before; // Firefox begins anew
					counters[s.id] = now;
				}
		return decoded;
	})()`, &n)
	return n
}

func mediaCouples() []struct {
	name string
	make func(w *world) (polite, impolite player)
} {
	return []struct {
		name string
		make func(w *world) (polite, impolite player)
	}{
		{"tab and tab", func(w *world) (player, player) { return w.mediaTab("/polite"), w.mediaTab("/impolite") }},
		{"native polite, tab impolite", func(w *world) (player, player) {
			return w.mediaNative(demoRoom, "polite"), w.mediaTab("/impolite")
		}},
		{"tab polite, native impolite", func(w *world) (player, player) {
			return w.mediaTab("/polite"), w.mediaNative(demoRoom, "impolite")
		}},
		{"native and native", func(w *world) (player, player) {
			return w.mediaNative(demoRoom, "polite"), w.mediaNative(demoRoom, "impolite")
		}},
	}
}

// TestMediaAtOnce has both sides switch a picture on and off at the same time.
func TestMediaAtOnce(t *testing.T) {
	for _, c := range mediaCouples() {
		t.Run(c.name, func(t *testing.T) {
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
				awaitPictures(t, polite, impolite)
			}
			nothingSurfaced(t, polite, impolite)
		})
	}
}

// awaitPictures waits until each gets more of them.
func awaitPictures(t *testing.T, who ...player) {
	t.Helper()
	begin := time.Now()
	for _, p := range who {
		before := p.pictures()
		await(t, "pictures come", func() bool { return p.pictures() > before+5 }, who[0], who[1])
	}
	t.Logf("pictures after %.1f s", time.Since(begin).Seconds())
}

// TestTiles looks at what a page shows of the other side's media.
func TestTiles(t *testing.T) {
	w := newWorld(t)
	sender, viewer := w.mediaTab("/polite"), w.mediaTab("/impolite")
	tiles := func(want string) func() bool {
		return func() bool {
			return viewer.text(`[...document.querySelectorAll("#media figure")].map(f => f.dataset.kind + " " + f.dataset.state).sort().join(", ")`) == want
		}
	}
	sender.connect()
	awaitChannels(t, 1, sender, viewer)
	for _, id := range []string{"camera", "microphone", "pattern"} {
		sender.eval(`document.querySelector("#`+id+`").click()`, nil)
	}
	await(t, "three tiles are live", tiles("audio live, video live, video live"), sender, viewer)
	sender.play(false)
	await(t, "one is paused", tiles("audio live, video live, video muted"), sender, viewer)
	sender.play(true)
	await(t, "three tiles are live again", tiles("audio live, video live, video live"), sender, viewer)
	sender.again()
	await(t, "none is left", tiles(""), sender, viewer)
}

// TestNoMedia has the browser refuse, in its own way, what the page then says in
// words.
func TestNoMedia(t *testing.T) {
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

// TestRecord has a native peer write what a tab sends to files.
func TestRecord(t *testing.T) {
	withoutDetector(t)
	w := newWorld(t)
	tab := w.mediaTab("/polite")
	dir := t.TempDir()
	recorded := make(chan string, 1)
	native := w.native(demoRoom, "impolite", false, func(from string, track peer.RemoteTrack) {
		name, err := media.Record(dir, from, track)
		if err != nil {
			t.Error(err)
		}
		recorded <- name
	})
	tab.play(true)
	tab.connect()
	await(t, "a file is there", func() bool {
		files, _ := filepath.Glob(filepath.Join(dir, "*.ivf"))
		if len(files) == 0 {
			return false
		}
		info, err := os.Stat(files[0])
		return err == nil && info.Size() > 4096
	}, tab, native)
	native.close()
	data, err := os.ReadFile(<-recorded)
	if err != nil {
		t.Fatal(err)
	}
	reader, header, err := ivfreader.NewWith(bytes.NewReader(data))
	if err != nil || !strings.HasPrefix(header.FourCC, "VP8") {
		t.Fatalf("%v, %v", header, err)
	}
	frames := 0
	for ; ; frames++ {
		if _, _, err := reader.ParseNextFrame(); err != nil {
			break
		}
	}
	if frames == 0 {
		t.Error("no frames")
	}
	t.Logf("%d frames", frames)
}

// TestEcho has a native peer send a tab its own picture.
func TestEcho(t *testing.T) {
	withoutDetector(t)
	w := newWorld(t)
	tab := w.mediaTab("/impolite")
	var native *native
	ready := make(chan struct{})
	native = w.native(demoRoom, "polite", false, func(from string, track peer.RemoteTrack) {
		<-ready
		if err := media.Echo(native.p, from, track); err != nil {
			t.Error(err)
		}
	})
	close(ready)
	tab.play(true)
	tab.connect()
	await(t, "its own picture", func() bool { return tab.pictures() > 5 }, tab, native)
	nothingSurfaced(t, tab, native)
}

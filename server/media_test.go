package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	cdp "github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/pion/webrtc/v4/pkg/media/ivfreader"
	"github.com/pion/webrtc/v4/pkg/media/oggreader"

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
	// sounds returns how many packets of audio came.
	sounds() int
}

// mediaNative is a native peer that plays and counts.
type mediaNative struct {
	*native
	player       *media.Player
	video, audio atomic.Int64 // packets
	tracks       atomic.Int64 // that have not ended
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
		m.tracks.Add(1)
		defer m.tracks.Add(-1)
		packets := map[string]*atomic.Int64{"video": &m.video, "audio": &m.audio}[track.Kind()]
		for {
			if _, _, err := track.ReadRTP(); err != nil {
				return
			}
			packets.Add(1)
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

func (m *mediaNative) pictures() int { return int(m.video.Load()) }
func (m *mediaNative) sounds() int   { return int(m.audio.Load()) }

// mediaTab is a tab that plays and counts.
type mediaTab struct{ *tab }

// remember keeps the connections of a page where a test can ask them.
const remember = `{
	const made = window.RTCPeerConnection;
	window.connections = [];
	window.inbound = {};
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

func (m *mediaTab) pictures() int { return m.inbound("video", "framesDecoded") }
func (m *mediaTab) sounds() int   { return m.inbound("audio", "packetsReceived") }

// inbound returns how much came of a kind, by what getStats counts.
func (m *mediaTab) inbound(kind, what string) (n int) {
	m.eval(fmt.Sprintf(`(async () => {
		const of = inbound[%[1]q] ??= { sum: 0, counters: {} };
		for (const pc of connections)
			for (const s of (await pc.getStats()).values())
				if (s.type === "inbound-rtp" && s.kind === %[1]q) {
					const now = s.%[2]s ?? 0, before = of.counters[s.id] ?? 0;
					of.sum += now < before ? now : now - before; // Firefox begins anew
					of.counters[s.id] = now;
				}
		return of.sum;
	})()`, kind, what), &n)
	return n
}

// microphone makes a noise, of the kind that a browser for tests has.
func (m *mediaTab) microphone() { m.press("#microphone") }

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
				awaitArrival(t, polite, impolite)
			}
			nothingSurfaced(t, polite, impolite)
		})
	}
}

// arrival is how long what is sent may take on loopback. Two tabs that make and
// show pictures at once may get less of a small machine than they need, and the
// detector makes everything slow.
const arrival = 2 * time.Second

// awaitArrival waits until each gets the picture that the other one sends by now, and
// the sound of a native one.
func awaitArrival(t *testing.T, a, b player) {
	t.Helper()
	beforeA, beforeB := a.pictures(), b.pictures()
	begin := time.Now()
	await(t, "both pictures come", func() bool { return a.pictures() > beforeA && b.pictures() > beforeB }, a, b)
	took := time.Since(begin)
	t.Logf("both pictures after %.1f s", took.Seconds())
	_, tabA := a.(*mediaTab)
	_, tabB := b.(*mediaTab)
	if took > arrival && !raceEnabled && !(tabA && tabB) {
		t.Errorf("it took %s until both pictures came", took)
	}
	for _, c := range [][2]player{{a, b}, {b, a}} {
		if _, sounds := c[1].(*mediaNative); sounds {
			awaitSounds(t, c[0])
		}
	}
}

// awaitPictures waits until each gets more of them.
func awaitPictures(t *testing.T, who ...player) {
	t.Helper()
	awaitMore(t, "pictures", player.pictures, who)
}

// awaitSounds waits until each hears more.
func awaitSounds(t *testing.T, who ...player) {
	t.Helper()
	awaitMore(t, "sounds", player.sounds, who)
}

func awaitMore(t *testing.T, what string, received func(player) int, who []player) {
	t.Helper()
	begin := time.Now()
	for _, p := range who {
		before := received(p)
		await(t, what+" come", func() bool { return received(p) > before+5 }, who[0], who[len(who)-1])
	}
	t.Logf("%s after %.1f s", what, time.Since(begin).Seconds())
}

// TestTiles looks at what a page shows of the other side's media.
func TestTiles(t *testing.T) {
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
	await(t, "they play, though nobody has touched the page", func() bool {
		return viewer.text(`[...document.querySelectorAll("#media video")].map(v => !v.paused && v.currentTime > 0).join()`) == "true,true"
	}, sender, viewer)
	sender.again()
	viewer.awaitTiles("", sender)
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

// TestMediaSoundIsDecoded has a tab hear the tone.
func TestMediaSoundIsDecoded(t *testing.T) {
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

// awaitRecordings waits until there is a picture and a sound in dir.
func awaitRecordings(t *testing.T, dir string, who ...participant) {
	t.Helper()
	for _, extension := range []string{"ivf", "ogg"} {
		await(t, "there is a file of "+extension, func() bool {
			files, _ := filepath.Glob(filepath.Join(dir, "*."+extension))
			if len(files) == 0 {
				return false
			}
			info, err := os.Stat(files[0])
			return err == nil && info.Size() > 2048
		}, who...)
	}
}

// checkRecordings looks whether what was recorded is whole.
func checkRecordings(t *testing.T, dir string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(files) != 2 {
		t.Fatalf("recorded %q, error %v", files, err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if filepath.Ext(file) == ".ivf" {
			checkPictures(t, data)
		} else {
			checkSound(t, data)
		}
	}
}

func checkPictures(t *testing.T, ivf []byte) {
	t.Helper()
	reader, header, err := ivfreader.NewWith(bytes.NewReader(ivf))
	if err != nil || !strings.HasPrefix(header.FourCC, "VP8") {
		t.Fatalf("%v, %v", header, err)
	}
	frames := uint32(0)
	for ; err == nil; frames++ {
		_, _, err = reader.ParseNextFrame()
	}
	if frames--; !errors.Is(err, io.EOF) || frames == 0 || frames != header.NumFrames {
		t.Errorf("%d frames, and the header tells of %d; error %v", frames, header.NumFrames, err)
	}
}

func checkSound(t *testing.T, ogg []byte) {
	t.Helper()
	reader, header, err := oggreader.NewWith(bytes.NewReader(ogg))
	if err != nil || header.SampleRate != 48000 {
		t.Fatalf("%v, %v", header, err)
	}
	pages := 0
	for ; err == nil; pages++ {
		_, _, err = reader.ParseNextPage()
	}
	if pages--; !errors.Is(err, io.EOF) || pages < 2 {
		t.Errorf("%d pages, error %v", pages, err)
	}
	const last = 4 // https://www.rfc-editor.org/rfc/rfc3533#section-6
	if page := ogg[bytes.LastIndex(ogg, []byte("OggS")):]; page[5]&last == 0 {
		t.Error("it does not say that it ends")
	}
}

// TestRecord has a native peer write what a tab sends to files.
func TestRecord(t *testing.T) {
	withoutDetector(t)
	w := newWorld(t)
	tab := w.mediaTab("/r/record")
	dir := t.TempDir()
	p := startPeer(t, w, "--room", "record", "--media", "record", dir)
	tab.play(true)
	tab.microphone()
	awaitRecordings(t, dir, tab)
	p.cancel()
	if err := p.end(); err != nil {
		t.Error(err)
	}
	checkRecordings(t, dir)
	nothingSurfaced(t, tab)
}

// TestRecordNative has a native peer write what another one sends to files.
func TestRecordNative(t *testing.T) {
	w := newWorld(t)
	n := w.mediaNative("record", "")
	dir := filepath.Join(t.TempDir(), "made", "for", "it")
	p := startPeer(t, w, "--room", "record", "--media", "record", dir)
	n.play(true)
	awaitRecordings(t, dir, n)
	p.write("/quit")
	if err := p.end(); err != nil {
		t.Error(err)
	}
	checkRecordings(t, dir)
	p.expectLog("Recorded " + dir)
	nothingSurfaced(t, n)
}

// TestRecordLimit has a native peer write no more than it may.
func TestRecordLimit(t *testing.T) {
	const limit = 150_000 // two files, and a second
	w := newWorld(t)
	n := w.mediaNative(demoRoom, "polite")
	dir := t.TempDir()
	recorder := media.NewRecorder(dir, limit)
	full := make(chan error, 2)
	w.native(demoRoom, "impolite", true, func(from string, track peer.RemoteTrack) {
		_, err := recorder.Record(from, track)
		full <- err
	})
	n.play(true)
	for range 2 {
		select {
		case err := <-full:
			if !errors.Is(err, media.ErrFull) {
				t.Errorf("a recording ends with %v", err)
			}
		case <-time.After(patience):
			t.Fatal("a recording does not end")
		}
	}
	checkRecordings(t, dir)
	var size int64
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		info, err := file.Info()
		if err != nil {
			t.Fatal(err)
		}
		size += info.Size()
	}
	if size > limit {
		t.Errorf("%d bytes were recorded", size)
	}
}

// TestEcho has a native peer send a tab its own pictures, each in its own shape,
// and its own sound.
func TestEcho(t *testing.T) {
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

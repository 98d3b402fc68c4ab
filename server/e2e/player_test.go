package e2e

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

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
// stream, and the race detector sees it (lines 2188 and 1686 of peerconnection.go of
// pion/webrtc v4.2.26).
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
	m.native = w.native(room, role, false, func(_ *peer.Peer, _ string, track peer.RemoteTrack) {
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
		m.p.Publish("", "pattern", m.player.Video)
		m.p.Publish("", "tone", m.player.Audio)
	} else {
		m.p.Unpublish("", "pattern")
		m.p.Unpublish("", "tone")
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

package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"perfect-negotiation/negotiation/peer"
	"perfect-negotiation/negotiation/signaling"
	"perfect-negotiation/negotiation/trace"
)

// A page with the key of a tab takes its place, until the tab is told to take it
// back.
func TestReplaced(t *testing.T) {
	t.Parallel()
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

// A page that has been replaced sends nothing, and shows no peers.
func TestThePageEnds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b, other := w.mediaTab("/polite"), w.tab("/impolite")
	b.eval(`{
		window.tracks = [];
		const get = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
		navigator.mediaDevices.getUserMedia = async (constraints) => {
			const stream = await get(constraints);
			tracks.push(...stream.getTracks());
			if (constraints.audio) await new Promise((go) => { window.allow = go; });
			return stream;
		};
	}`, nil)
	b.connect()
	awaitChannels(t, 1, b, other)
	other.press("#pattern")
	b.awaitTiles("video", other)
	for _, id := range []string{"camera", "pattern"} {
		b.press("#" + id)
		await(t, id+" is on", func() bool { return b.pressed(id) }, b)
	}
	other.awaitTiles("video, video", b)
	b.press("#microphone") // and the browser asks whether it may
	await(t, "the browser is asked", func() bool { return b.text(`typeof allow`) == "function" }, b)
	p, err := peer.Join(t.Context(), peer.Config{Options: signaling.Options{
		Server: w.url, Room: demoRoom, Role: "polite", Key: b.text(`sessionStorage.getItem("key /polite")`),
	}})
	if err != nil {
		t.Fatal(err)
	}
	b.awaitNotice("another tab")
	await(t, "its connection is closed", func() bool { return b.text(`connections.map(pc => pc.signalingState).join()`) == "closed" }, b)
	b.awaitTiles("", b)
	b.eval(`allow()`, nil)
	await(t, "all its tracks have ended", func() bool { return b.text(`tracks.map(t => t.readyState).join()`) == "ended,ended" }, b)
	for script, want := range map[string]string{
		`[...document.querySelectorAll("[aria-pressed=true]")].map(e => e.id).join()`:               "",
		`[...document.querySelectorAll(".controls :enabled, #send:enabled")].map(e => e.id).join()`: "",
		`document.querySelector("#status").dataset.state`:                                           "closed",
		`document.querySelectorAll("#peers li").length + ""`:                                        "0",
	} {
		await(t, fmt.Sprintf("%s is %q", script, want), func() bool { return b.text(script) == want }, b)
	}
	p.Close()
	<-p.Done()
}

// A refused page has devices switched on that it must not send.
func TestThePageIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.tab("/polite")
	b := w.blank(w.url + "/polite")
	if err := b.prepare(`{
		const open = WebSocket;
		window.WebSocket = function(...args) { return new open(...(window.may ? args : [location.origin + "/healthz"])); };
	}`); err != nil {
		t.Fatal(err)
	}
	if err := b.navigate(b.url); err != nil {
		t.Fatal(err)
	}
	await(t, "the page is ready", func() bool { return b.text(`document.documentElement.dataset.ready + ""`) == "true" }, b)
	b.press("#pattern")
	await(t, "it is on", func() bool { return b.pressed("pattern") }, b)
	b.eval(`window.may = true`, nil)
	b.awaitNotice("has its polite peer already")
	await(t, "it is off", func() bool { return !b.pressed("pattern") }, b)
}

func TestTheRelayGoesAndComesBack(t *testing.T) {
	t.Parallel()
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
	await(t, "its offer is answered", func() bool { return impolite.count(trace.AnswerReceived) > 0 }, polite, impolite)
}

// An outage is announced once, however long it lasts; updates are not read out.
func TestAnOutageIsToldOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.tab("/polite")
	b.eval(`{
		window.tries = 0;
		window.told = [];
		const watch = (id, f) => new MutationObserver(f).observe(document.querySelector(id), { childList: true });
		watch("#signal", () => { if (/^trying again in/.test(document.querySelector("#signal").textContent)) tries++; });
		watch("#notice-text", () => { told.push(document.querySelector("#notice-text").textContent); });
		globalThis.before = true;
	}`, nil)
	w.stop()
	await(t, "it has tried a few times", func() bool { return b.number(`tries`) > 3 }, b)
	if told := b.text(`told.join(" / ")`); told != "The relay cannot be reached; trying again. Peers that are connected stay connected." {
		t.Errorf("it has told %q", told)
	}
	if n := b.count(trace.RelayLost); n != 1 {
		t.Errorf("the log has %d lines of it", n)
	}
	b.eval(`document.querySelector("#notice-action").focus()`, nil)
	w.start(strings.TrimPrefix(w.url, "http://"))
	b.press("#notice-action")
	await(t, "the notice is gone", func() bool { return b.notice() == "" }, b)
	if id := b.text(`document.activeElement.id + globalThis.before`); id != "maintrue" {
		t.Errorf("the keyboard and the page are %q", id)
	}
	w.stop()
	b.awaitNotice("relay")
	await(t, "the log has a line of each outage", func() bool { return b.count(trace.RelayLost) == 2 }, b)
	w.start(strings.TrimPrefix(w.url, "http://"))
}

// Another problem is still shown after the relay has gone and come back, and its
// button still works.
func TestAnotherNoticeStays(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, first := range []bool{true, false} {
		b := w.tab("/polite")
		fails := func() {
			b.eval(`globalThis.before = true; Promise.reject(new Error("a fault")); 0`, nil)
			b.awaitNotice("a fault")
		}
		if first {
			fails()
		}
		w.stop()
		await(t, "the relay is gone", func() bool { return b.count(trace.RelayLost) > 0 }, b)
		if !first {
			fails()
		}
		w.start(strings.TrimPrefix(w.url, "http://"))
		await(t, "it is back", func() bool { return b.count(trace.RoomJoined) > 1 }, b)
		b.awaitNotice("a fault")
		if label := b.text(`document.querySelector("#notice-action").textContent`); label != "Reload" {
			t.Errorf("its button says %q", label)
		}
		b.press("#notice-action")
		b.awaitAnother()
		if err := b.navigate("about:blank"); err != nil {
			t.Fatal(err)
		}
	}
}

func TestThePageIsFromOtherSource(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.rawTab(w.url + "/healthz")
	before := `new MutationObserver((_, o) => { if (document.documentElement) { document.documentElement.dataset.source = "another"; } }).observe(document, {childList: true, subtree: true})`
	b.beforeLoad(before)
	if err := b.navigate(w.url + "/polite"); err != nil {
		t.Fatal(err)
	}
	b.awaitNotice("make build")
	b.ready()
	w.stop()
	await(t, "the relay is gone", func() bool { return b.count(trace.RelayLost) > 0 }, b)
	w.start(strings.TrimPrefix(w.url, "http://"))
	await(t, "it is back", func() bool { return b.count(trace.RoomJoined) > 1 }, b)
	b.awaitNotice("make build")
}

package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/gorilla/websocket"

	"perfect-negotiation/negotiation/trace"
)

// The page says who we are towards whom, and whom it cannot pair with.
func TestThePageTellsOfPeers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b, n := w.tab("/r/words"), w.native("words", "", true)
	awaitChannels(t, 2, b, n)
	await(t, "the page lists it", func() bool {
		list := b.texts("#peers > li")
		return len(list) == 1 && strings.Contains(list[0], " · we are impolite · connected")
	}, b)
	plain, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(w.url, "http")+"/ws?room=words", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer plain.Close()
	await(t, "it says what a plain page lacks", func() bool {
		return slices.ContainsFunc(b.surfaced(), func(line string) bool { return strings.Contains(line, "add role=polite or role=impolite") })
	}, b)
	if list := b.texts("#peers > li"); len(list) != 1 {
		t.Errorf("the page lists %q", list)
	}
}

// What the page says of all others together does not depend on who is looked at last,
// and is forgotten when they are gone.
func TestThePageTellsOfAll(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.tab("/r/all")
	b.eval(`{
		window.seen = [];
		const status = document.querySelector("#status");
		new MutationObserver(() => seen.push(status.dataset.state)).observe(status, { attributes: true });
	}`, nil)
	for range 6 { // they are in the room and say nothing
		silent, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(w.url, "http")+"/ws?room=all&rank=3", nil)
		if err != nil {
			t.Fatal(err)
		}
		defer silent.Close()
	}
	n := w.native("all", "", true)
	awaitChannels(t, 2, b, n)
	b.openDrawers()
	if shown := b.number(`[...document.querySelectorAll("#peers > li")].filter((e) => e.checkVisibility() && e.getBoundingClientRect().height > 0).length`); shown != 7 {
		t.Errorf("it shows %d of 7 peers", shown)
	}
	facts := func() string {
		return b.text(`["status", "role", "source"].map(id => document.querySelector("#" + id).textContent).join(", ")`)
	}
	if words := facts(); !strings.HasPrefix(words, "connected, impolite, identical on the other side (") {
		t.Errorf("the page says %q", words)
	}
	n.close()
	await(t, "it is not listed any more", func() bool { return len(b.texts("#peers > li")) == 6 }, b)
	if words := facts(); words != "new, impolite, known once a peer is here" {
		t.Errorf("the page says %q", words)
	}
	if seen := b.text(`seen.join()`); strings.Contains(seen, "closed") {
		t.Errorf("its states were %s", seen)
	}
}

// What we are depends on whom we meet, and alone we are nothing.
func TestTheRoleOfThePage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.blank(w.url + "/r/roles")
	if err := b.prepare(`Object.defineProperty(navigator, "userAgent", { value: "Firefox/1" })`); err != nil {
		t.Fatal(err)
	}
	b.open()
	role := func(want string) {
		t.Helper()
		await(t, "the role is "+want, func() bool { return b.text(`document.querySelector("#role").textContent`) == want }, b)
	}
	role("—")
	higher := w.native("roles", "", true)
	role("impolite")
	lower, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(w.url, "http")+"/ws?room=roles&rank=0", nil)
	if err != nil {
		t.Fatal(err)
	}
	role("polite and impolite")
	higher.close()
	role("polite")
	lower.Close()
	role("—")
}

// A room may be full at once, or when the relay has come back.
func TestTheRoomIsFull(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.tab("/polite")
	b.eval(`window.open = WebSocket; window.WebSocket = function() { return new open(location.origin + "/healthz") }`, nil)
	w.stop()
	w.start(strings.TrimPrefix(w.url, "http://"))
	w.native(demoRoom, "polite", false)
	w.native(demoRoom, "impolite", false)
	b.eval(`window.WebSocket = open; dispatchEvent(new Event("online"))`, nil)
	late := w.rawTab(w.url + "/r/" + demoRoom)
	for tab, begins := range map[*tab]string{b: "The relay says", late: "The relay refuses"} {
		tab.awaitNotice(begins)
		if words := tab.notice(); !strings.Contains(words, "meet in another room") {
			t.Errorf("the page says %q", words)
		}
	}
	if late.text(`document.querySelector("#connect").disabled + ""`) != "true" {
		t.Error("its buttons can be pressed")
	}
}

// The browser tells when there is reason to ask whether the relay is still there.
func TestTheRelayIsAskedFor(t *testing.T) {
	t.Parallel()
	b := newWorld(t).tab("/polite")
	b.eval(`{
		window.sent = 0;
		const send = WebSocket.prototype.send;
		WebSocket.prototype.send = function(data) { sent++; send.call(this, data); };
	}`, nil)
	for _, dispatch := range []string{
		`document.dispatchEvent(new Event("visibilitychange"))`,
		`document.dispatchEvent(new Event("resume"))`,
		`dispatchEvent(new Event("online"))`,
		`dispatchEvent(new Event("offline"))`,
	} {
		var asked int
		b.eval(fmt.Sprintf(`(async () => {
			const before = sent;
			%s;
			await new Promise((done) => setTimeout(done));
			return sent - before;
		})()`, dispatch), &asked)
		if asked == 0 {
			t.Errorf("after %s nothing is asked", dispatch)
		}
	}
	if n := b.count(trace.RelayLost); n > 0 {
		t.Errorf("the relay was lost %d times", n)
	}
}

// The log keeps the newest lines.
func TestTheLogIsBounded(t *testing.T) {
	t.Parallel()
	b := newWorld(t).tab("/polite")
	b.eval(`for (let i = 0; i < 1100; i++) document.querySelector("#renegotiate").click()`, nil)
	await(t, "it has its 1,000 lines", func() bool { return b.count(trace.NothingYet) == 1000 }, b)
	if n := b.count(trace.RoomJoined); n != 0 {
		t.Error("its first line is still there")
	}
	if lines := b.lines(""); len(lines) != 1000 {
		t.Errorf("it has %d lines", len(lines))
	}
}

// ?verbose may come with a value, and among others.
func TestVerbose(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for query, want := range map[string]int{"": 0, "?verbose": 1, "?from=mail&verbose=1": 1, "?verbosely": 0} {
		b := w.tab("/r/verbose" + query)
		await(t, "the log is drawn", func() bool { return b.count(trace.RoomJoined) == 1 }, b)
		if n := b.count(trace.RelayConnected); n != want {
			t.Errorf("with %q it tells %d times that the relay is there", query, n)
		}
	}
}

// While the program comes, the page shows how much of it is there.
func TestLoading(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.rawTab(w.url + "/healthz")
	b.beforeLoad(`{
		window.shown = [];
		const { get, set } = Object.getOwnPropertyDescriptor(HTMLProgressElement.prototype, "value");
		Object.defineProperty(HTMLProgressElement.prototype, "value", { get, set(part) { shown.push(part); set.call(this, part); } });
	}`)
	b.url = w.url + "/polite"
	b.open()
	var shown []float64
	b.eval(`shown`, &shown)
	if len(shown) < 3 || !slices.IsSorted(shown) || shown[0] > .9 || shown[len(shown)-1] != 1 {
		t.Errorf("it shows %v", shown)
	}
	if b.text(`document.querySelector("#progress").hidden + ""`) != "true" {
		t.Error("it still shows it")
	}
}

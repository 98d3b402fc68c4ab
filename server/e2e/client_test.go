package e2e

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"perfect-negotiation/negotiation/signaling/wire"
	"perfect-negotiation/negotiation/trace"
	"perfect-negotiation/server/relay"
)

// clientPage is a page of another origin that imports client.mjs.
type clientPage struct{ *tab }

// anyOrigin lets pages of other origins in.
func anyOrigin(w *world) { w.configure = func(c *relay.Config) { c.Origins = []string{"*"} } }

// elsewhere returns the origin of another server, which has the pages that import client.mjs.
func elsewhere(t *testing.T) string {
	t.Helper()
	s := httptest.NewServer(http.FileServer(http.Dir("testdata/client")))
	t.Cleanup(s.Close)
	return s.URL
}

// client opens a page in a room. options are further parameters of its address.
func (w *world) client(room string, options ...string) *clientPage {
	w.t.Helper()
	c := w.clientIn(room, options...)
	c.open()
	return c
}

// clientIn returns a tab for such a page.
func (w *world) clientIn(room string, options ...string) *clientPage {
	w.t.Helper()
	return &clientPage{w.blank(clientURL(w, room, options...))}
}

func clientURL(w *world, room string, options ...string) string {
	w.t.Helper()
	address := elsewhere(w.t) + "/page.html?" + url.Values{"server": {w.url}, "room": {room}}.Encode()
	for _, option := range options {
		address += "&" + option
	}
	return address
}

func (c *clientPage) open() {
	c.t.Helper()
	if err := c.navigate(c.url); err != nil {
		c.t.Fatal(err)
	}
	c.ready()
}

func (c *clientPage) again() {
	c.t.Helper()
	if err := c.reload(); err != nil {
		c.t.Fatal(err)
	}
	c.ready()
}

func (c *clientPage) ready() {
	c.t.Helper()
	await(c.t, "the page is in the room", func() bool {
		var ready bool
		return c.evaluate(`globalThis.page?.room.state === "online"`, &ready) == nil && ready
	}, c)
}

func (c *clientPage) connect()     { c.eval(`page.connect()`, nil) }
func (c *clientPage) renegotiate() { c.eval(`page.renegotiate()`, nil) }
func (c *clientPage) restart()     { c.eval(`page.restart()`, nil) }
func (c *clientPage) say(lines ...string) {
	c.eval(fmt.Sprintf(`page.say(%s)`, list(lines)), nil)
}

func (c *clientPage) count(kind trace.Kind) (n int) {
	script := map[trace.Kind]string{
		trace.Paired:            `page.seen.joins`,
		trace.Connected:         `page.states.filter(state => state === "connected").length`,
		trace.ChannelOpened:     `page.seen.opened`,
		trace.OfferSending:      `page.seen.offers`,
		trace.AnswerReceived:    `page.seen.answers`,
		trace.CollisionRollback: `page.seen.rollbacks`,
		trace.CollisionIgnored:  `page.seen.ignored`,
	}[kind]
	c.eval(script, &n)
	return n
}

func (c *clientPage) received() (lines []string) {
	c.eval(`page.seen.received.map(({ line }) => line)`, &lines)
	return lines
}

func (c *clientPage) surfaced() (lines []string) {
	c.eval(`page.seen.errors.map(({ message }) => message)`, &lines)
	return lines
}

func (c *clientPage) log() string {
	return c.text(`JSON.stringify(globalThis.page?.seen) + " " + globalThis.page?.room.state + " " + globalThis.page?.room.peers.map(({ connection }) =>
		[connection.signalingState, connection.connectionState])`)
}

// settled reports whether no offer is under way.
func (c *clientPage) settled() (yes bool) {
	c.eval(`page.settled`, &yes)
	return yes
}

func (c *clientPage) id() string { return c.text(`page.room.id`) }

func (c *clientPage) play(on bool) { c.eval(fmt.Sprintf(`page.play(%t)`, on), nil) }
func (c *clientPage) pictures() int {
	return c.arrived("video", "framesDecoded")
}
func (c *clientPage) sounds() int { return c.arrived("audio", "packetsReceived") }

func (c *clientPage) arrived(kind, what string) (n int) {
	c.eval(fmt.Sprintf(`page.arrived(%q, %q)`, kind, what), &n)
	return n
}

// ufrag returns that of the local description in force.
func (c *clientPage) ufrag() string {
	return c.text(`/a=ice-ufrag:(\S+)/.exec(page.room.peers[0].connection.currentLocalDescription.sdp)[1]`)
}

// The link of client.mjs has the conversations that package link has.
func TestClientLink(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.rawTab(elsewhere(t) + "/vectors.html?server=" + url.QueryEscape(w.url))
	files, err := filepath.Glob("../../negotiation/signaling/link/testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no vectors", err)
	}
	await(t, "the link is there", func() bool { return b.text(`typeof globalThis.play`) == "function" })
	for _, name := range files {
		want, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if got := b.text(fmt.Sprintf(`play(%q)`, want)); got != string(want) {
			t.Errorf("%s: got\n%s", filepath.Base(name), got)
		}
	}
}

// TestClient has a page with client.mjs do all that tabs and native peers do, with each kind
// of peer and in both roles.
func TestClient(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		make func(w *world) (ours *clientPage, theirs player)
	}{
		{"polite with a tab", func(w *world) (*clientPage, player) {
			return w.client(demoRoom, "role=polite"), w.mediaTab("/impolite")
		}},
		{"impolite with a tab", func(w *world) (*clientPage, player) {
			return w.client(demoRoom, "role=impolite"), w.mediaTab("/polite")
		}},
		{"polite with a native peer", func(w *world) (*clientPage, player) {
			return w.client(demoRoom, "role=polite"), w.mediaNative(demoRoom, "impolite")
		}},
		{"by rank with a native peer", func(w *world) (*clientPage, player) {
			return w.client("lobby"), w.mediaNative("lobby", "")
		}},
		{"with itself", func(w *world) (*clientPage, player) { return w.client("lobby"), w.client("lobby") }},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			ours, theirs := c.make(newWorld(t, anyOrigin))
			restarters := []restarter{ours}
			if _, native := theirs.(*mediaNative); !native { // after which pion is slow to find its path
				restarters = append(restarters, theirs.(restarter))
			}
			converses(t, ours, theirs, restarters...)
		})
	}
}

// converses connects a page with client.mjs to another peer, from both sides at once, and
// has both renegotiate, send media and chat, over the same connection. Those that are to do
// so restart ICE.
func converses(t *testing.T, ours *clientPage, theirs player, restarters ...restarter) {
	t.Helper()
	for _, p := range []player{ours, theirs} {
		await(t, "they are paired", func() bool { return p.count(trace.Paired) > 0 }, ours, theirs)
	}
	both(ours, theirs, participant.connect)
	awaitChannels(t, 2, ours, theirs)
	for range 20 {
		answered := theirs.count(trace.AnswerReceived)
		both(ours, theirs, participant.renegotiate)
		await(t, "all is negotiated", func() bool {
			_, itself := theirs.(*clientPage) // its need may be met by an offer of ours
			return ours.settled() && (itself || theirs.count(trace.AnswerReceived) > answered)
		}, ours, theirs)
	}
	rollbacks, ignored := ours.count(trace.CollisionRollback), ours.count(trace.CollisionIgnored)
	t.Logf("%d rollbacks, %d ignored offers", rollbacks, ignored)
	if rollbacks+ignored == 0 {
		t.Error("nothing collided")
	}
	all := func() {
		t.Helper()
		awaitPictures(t, ours, theirs)
		awaitSounds(t, theirs)
	}
	both(ours, theirs, func(p participant) { p.(player).play(true) })
	all()
	for range 3 {
		both(ours, theirs, func(p participant) {
			p.(player).play(false)
			p.(player).play(true)
		})
	}
	all()
	for _, p := range restarters {
		before := ours.ufrag()
		p.restart()
		await(t, "new credentials", func() bool { return ours.ufrag() != before }, ours, theirs)
		all()
	}
	chat(t, ours, theirs)
	nothingSurfaced(t, ours, theirs)
	if _, itself := theirs.(*clientPage); !itself && theirs.count(trace.SourceDiffers) != 1 {
		t.Error("it does not say that their sources differ")
	}
	if n := ours.count(trace.Paired); n != 1 {
		t.Errorf("there were %d connections", n)
	}
}

// A page stops what was the first section of its first offer, which would have carried the
// transport, and the connection with a native peer goes on.
func TestClientStops(t *testing.T) {
	t.Parallel()
	w := newWorld(t, anyOrigin)
	ours, theirs := w.client(demoRoom, "role=impolite"), w.native(demoRoom, "polite", false)
	await(t, "they are paired", func() bool { return ours.count(trace.Paired) == 1 }, ours, theirs)
	ours.eval(`page.play(true).then(page.connect)`, nil) // in one offer
	awaitChannels(t, 1, ours, theirs)
	answered := ours.count(trace.AnswerReceived)
	ours.eval(`page.stop()`, nil)
	await(t, "that is negotiated", func() bool { return ours.count(trace.AnswerReceived) > answered && ours.settled() }, ours, theirs)
	ours.say("it holds")
	await(t, "chat goes on", func() bool { return slices.Contains(theirs.received(), "it holds") }, ours, theirs)
	nothingSurfaced(t, ours, theirs)
	if n := ours.count(trace.Paired); n != 1 {
		t.Errorf("there were %d connections", n)
	}
}

// TestClientFaults has two pages with client.mjs, a tab and a native peer renegotiate and chat
// while connections to the relay are cut, and the relay is killed. A picture that is sent
// meanwhile comes, too. Then one of the pages is reloaded.
func TestClientFaults(t *testing.T) {
	t.Parallel()
	relay := newRelayProcess(t)
	network := newProxy(t, relay.address)
	w := worldAt(t, network.url())
	leaver, tab := w.client("faults", "connect"), w.mediaTab("/r/faults")
	stayer, native := w.client("faults", "connect"), w.native("faults", "", true)
	names := map[participant]string{leaver: "leaver", stayer: "stayer", tab: "tab", native: "native"}
	for p := range names {
		await(t, "all channels are open", func() bool { return p.count(trace.ChannelOpened) == 6 }, leaver, stayer, tab, native)
	}

	said := 0
	speak := func() {
		for p, name := range names {
			p.renegotiate()
			p.say(fmt.Sprint(name, " ", said))
		}
		said++
	}
	heard := func(p participant, from string, after int) bool {
		var got, want []string
		for _, line := range p.received() {
			if strings.HasPrefix(line, from+" ") {
				got = append(got, line)
			}
		}
		for n := range said - after {
			want = append(want, fmt.Sprint(from, " ", after+n))
		}
		if len(got) > len(want) || !slices.Equal(got, want[:len(got)]) {
			t.Fatalf("%s hears %q", names[p], got)
		}
		return len(got) == len(want)
	}
	for range 5 {
		speak()
		network.cut(1 + rand.N(3))
		speak()
	}
	for n := range 2 {
		relay.kill()
		speak()
		if n == 0 {
			stayer.play(true) // is offered when the relay is back
		}
		relay.start()
		speak()
	}
	awaitPictures(t, tab)
	awaitPictures(t, leaver)
	for p, name := range names {
		for _, from := range names {
			if from != name {
				await(t, name+" hears all that "+from+" said", func() bool { return heard(p, from, 0) }, p)
			}
		}
		if n := p.count(trace.Paired); n != 3 {
			t.Errorf("%s had %d connections with 3 peers", name, n)
		}
	}
	for _, c := range []*clientPage{leaver, stayer} {
		await(t, "its offers are answered", func() bool { return c.settled() }, c)
		for _, code := range c.codes() {
			if code != "unreachable" && code != "silent" {
				t.Errorf("a page has the error %s: %s", code, c.log())
			}
		}
	}

	id, before := leaver.id(), said
	leaver.again()
	if leaver.id() != id {
		t.Error("with the same key it has another id")
	}
	for p := range names {
		await(t, "its channels are open again", func() bool {
			opened := 8
			if p == leaver {
				opened = 6
			}
			return p.count(trace.ChannelOpened) == opened
		}, leaver, stayer, tab, native)
	}
	awaitPictures(t, leaver)
	speak()
	for p, name := range names {
		await(t, name+" hears the page that was reloaded", func() bool { return p == leaver || heard(p, "leaver", 0) }, p)
		await(t, "the page that was reloaded hears "+name, func() bool { return p == leaver || heard(leaver, name, before) }, leaver)
	}
}

// codes returns those of the errors that the page was told.
func (c *clientPage) codes() (codes []string) {
	c.eval(`page.seen.errors.map(({ code }) => code)`, &codes)
	return codes
}

// awaitError waits for an error of the room, and returns its message.
func (c *clientPage) awaitError(code string, final bool) (message string) {
	c.t.Helper()
	await(c.t, "the error "+code, func() bool {
		err := c.evaluate(fmt.Sprintf(`globalThis.page?.seen.errors.find((error) => error.code === %q && error.final === %t)?.message ?? ""`, code, final), &message)
		return err == nil && message != ""
	}, c)
	if final {
		await(c.t, "the room is closed", func() bool { return c.text(`page.room.state`) == "closed" }, c)
	}
	return message
}

// What cannot work is said once, and what may is tried again.
func TestClientErrors(t *testing.T) {
	t.Parallel()
	refusing := func(code string) func(*world) {
		return func(w *world) {
			w.configure = func(c *relay.Config) {
				c.Origins = []string{"*"}
				c.Admit = func(context.Context, *http.Request, relay.Candidate) (relay.Grant, error) {
					return relay.Grant{}, &wire.Error{Code: code, Message: "not with this token"}
				}
			}
		}
	}
	open := func(w *world, room string, options ...string) *clientPage {
		c := w.clientIn(room, options...)
		if err := c.navigate(c.url); err != nil {
			t.Fatal(err)
		}
		return c
	}
	for name, test := range map[string]func(t *testing.T){
		"a page of another site": func(t *testing.T) {
			if message := open(newWorld(t), "r").awaitError("forbidden", true); !strings.Contains(message, "--origin http://127.0.0.1:") {
				t.Errorf("it is told %q", message)
			}
		},
		"no name of a room": func(t *testing.T) { open(newWorld(t, anyOrigin), " ").awaitError("bad-room", true) },
		"a role that is taken": func(t *testing.T) {
			w := newWorld(t, anyOrigin)
			w.native("r", "polite", false)
			open(w, "r", "role=polite").awaitError("role-taken", true)
		},
		"a bad token": func(t *testing.T) {
			open(newWorld(t, refusing("bad-token")), "r", "token=a.b").awaitError("bad-token", true)
		},
		"an expired token": func(t *testing.T) {
			open(newWorld(t, refusing("token-expired")), "r", "token=a.b").awaitError("token-expired", true)
		},
		"no token at all": func(t *testing.T) { open(newWorld(t, anyOrigin), "r", "token=a b").awaitError("no-token", false) },
		"the same key again": func(t *testing.T) {
			w := newWorld(t, anyOrigin)
			first := w.client("r", "key=0123456789abcdef012345")
			w.client("r", "key=0123456789abcdef012345")
			first.awaitError("replaced", true)
		},
		"a relay that starts again": func(t *testing.T) {
			w := newWorld(t, anyOrigin)
			c := w.client("r")
			w.stop()
			c.awaitError("shutdown", false)
			w.start(w.url[len("http://"):])
			c.ready()
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t)
		})
	}
}

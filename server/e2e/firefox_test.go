package e2e

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/gorilla/websocket"

	"perfect-negotiation/negotiation/trace"
)

// bidi is a connection to Firefox.
// https://www.w3.org/TR/webdriver-bidi/
type bidi struct {
	conn *websocket.Conn

	mu      sync.Mutex
	id      int
	waiting map[int]chan reply
	err     error
}

type reply struct {
	ID      int             `json:"id"`
	Type    string          `json:"type"`
	Error   string          `json:"error"`
	Message string          `json:"message"`
	Result  json.RawMessage `json:"result"`
}

// newFirefox starts one, which ends with the test.
func newFirefox(t *testing.T) *bidi {
	t.Helper()
	program, err := exec.LookPath("firefox-esr")
	if os.Getenv("PN_FIREFOX") == "" || err != nil {
		t.Skip("needs Firefox: make test-firefox")
	}
	profile := t.TempDir()
	if err := os.WriteFile(filepath.Join(profile, "user.js"), []byte(preferences), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "--headless", "--no-remote", "--profile", profile, "--remote-debugging-port", "0")
	endWithTest(cmd)
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	var address string
	scanner := bufio.NewScanner(stderr)
	for address == "" && scanner.Scan() {
		_, address, _ = strings.Cut(scanner.Text(), "WebDriver BiDi listening on ")
	}
	go func() { _, _ = io.Copy(io.Discard, stderr) }()
	conn, _, err := websocket.DefaultDialer.Dial(address+"/session", nil)
	if err != nil {
		t.Fatal("Firefox:", err)
	}
	b := &bidi{conn: conn, waiting: map[int]chan reply{}}
	done := make(chan struct{})
	go func() {
		defer close(done)
		b.read()
	}()
	t.Cleanup(func() {
		_ = conn.Close()
		<-done
	})
	if err := b.call("session.new", map[string]any{"capabilities": map[string]any{}}, nil); err != nil {
		t.Fatal(err)
	}
	return b
}

// preferences have Firefox ask nobody, gather on loopback, and use no network.
const preferences = `
user_pref("app.update.disabledForTesting", true);
user_pref("browser.shell.checkDefaultBrowser", false);
user_pref("datareporting.policy.dataSubmissionEnabled", false);
user_pref("extensions.update.enabled", false);
user_pref("media.autoplay.default", 0);
user_pref("media.gmp-manager.updateEnabled", false);
user_pref("media.navigator.permission.disabled", true);
user_pref("media.navigator.streams.fake", true);
user_pref("media.peerconnection.ice.loopback", true);
user_pref("media.peerconnection.ice.obfuscate_host_addresses", false);
user_pref("network.captive-portal-service.enabled", false);
user_pref("network.connectivity-service.enabled", false);
user_pref("remote.active-protocols", 1);
user_pref("services.settings.server", "");
`

func (b *bidi) read() {
	for {
		var r reply
		err := b.conn.ReadJSON(&r)
		b.mu.Lock()
		if err != nil {
			b.err = err
			for _, c := range b.waiting {
				close(c)
			}
			b.waiting = nil
			b.mu.Unlock()
			return
		}
		if c := b.waiting[r.ID]; c != nil && r.Type != "event" {
			delete(b.waiting, r.ID)
			c <- r
		}
		b.mu.Unlock()
	}
}

// call sends a command and waits for its result.
func (b *bidi) call(method string, params, result any) error {
	c := make(chan reply, 1)
	b.mu.Lock()
	if b.err != nil {
		b.mu.Unlock()
		return b.err
	}
	b.id++
	b.waiting[b.id] = c
	err := b.conn.WriteJSON(map[string]any{"id": b.id, "method": method, "params": params})
	b.mu.Unlock()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	select {
	case r, ok := <-c:
		switch {
		case !ok:
			return errors.New("Firefox has gone")
		case r.Type != "success":
			return fmt.Errorf("%s: %s: %s", method, r.Error, r.Message)
		case result != nil:
			return json.Unmarshal(r.Result, result)
		}
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%s: no answer", method)
	}
}

// gecko is a driver.
type gecko struct {
	*bidi
	context string
}

func (w *world) firefox(b *bidi, path string) *mediaTab {
	w.t.Helper()
	return remembering(w.window(b, w.url+path))
}

// window returns a window that will show url: Firefox draws next to nothing in a tab that
// is hidden.
func (w *world) window(b *bidi, url string) *tab {
	w.t.Helper()
	var made struct {
		Context string `json:"context"`
	}
	if err := b.call("browsingContext.create", map[string]any{"type": "window"}, &made); err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() {
		if err := b.call("browsingContext.close", map[string]any{"context": made.Context}, nil); err != nil {
			w.t.Error(err)
		}
	})
	return &tab{driver: gecko{b, made.Context}, t: w.t, url: url}
}

func (f gecko) navigate(url string) error {
	return f.call("browsingContext.navigate", map[string]any{"context": f.context, "url": url, "wait": "complete"}, nil)
}

func (f gecko) reload() error {
	return f.call("browsingContext.reload", map[string]any{"context": f.context, "wait": "complete"}, nil)
}

func (f gecko) prepare(script string) error {
	return f.call("script.addPreloadScript", map[string]any{
		"functionDeclaration": "() => {" + script + "}", "contexts": []string{f.context},
	}, nil)
}

func (f gecko) evaluate(script string, result any) error {
	var r struct {
		Type   string `json:"type"`
		Result remote `json:"result"`
		Thrown struct {
			Text string `json:"text"`
		} `json:"exceptionDetails"`
	}
	err := f.call("script.evaluate", map[string]any{
		"expression": script, "target": map[string]any{"context": f.context}, "awaitPromise": true, "resultOwnership": "none",
	}, &r)
	if err != nil {
		return err
	}
	if r.Type != "success" {
		return errors.New(r.Thrown.Text)
	}
	if result == nil {
		return nil
	}
	plain, err := r.Result.plain()
	if err != nil {
		return err
	}
	return json.Unmarshal(plain, result)
}

// remote is a value in Firefox.
// https://www.w3.org/TR/webdriver-bidi/#type-script-RemoteValue
type remote struct {
	Type  string          `json:"type"`
	Value json.RawMessage `json:"value"`
}

// plain is the value as JSON.
func (r remote) plain() (json.RawMessage, error) {
	switch r.Type {
	case "string", "number", "boolean":
		return r.Value, nil
	case "array":
		var list []remote
		if err := json.Unmarshal(r.Value, &list); err != nil {
			return nil, err
		}
		all := make([]json.RawMessage, len(list))
		for i := range list {
			var err error
			if all[i], err = list[i].plain(); err != nil {
				return nil, err
			}
		}
		return json.Marshal(all)
	default:
		return nil, fmt.Errorf("a result of type %s", r.Type)
	}
}

// TestFirefox pairs a tab in Firefox with one in Chromium and with a native peer,
// in each role and by rank. Both sides negotiate at the same time, first data,
// then pictures and sound.
func TestFirefox(t *testing.T) {
	b := newFirefox(t)
	for _, c := range []struct {
		name string
		make func(w *world) (ours, theirs player)
	}{
		{"polite to Chromium", func(w *world) (player, player) { return w.firefox(b, "/polite"), w.mediaTab("/impolite") }},
		{"impolite to Chromium", func(w *world) (player, player) { return w.firefox(b, "/impolite"), w.mediaTab("/polite") }},
		{"polite to a native peer", func(w *world) (player, player) {
			return w.firefox(b, "/polite"), w.mediaNative(demoRoom, "impolite")
		}},
		{"impolite to a native peer", func(w *world) (player, player) {
			return w.firefox(b, "/impolite"), w.mediaNative(demoRoom, "polite")
		}},
		{"by rank with Chromium", func(w *world) (player, player) { return w.firefox(b, "/r/lobby"), w.mediaTab("/r/lobby") }},
		{"by rank with a native peer", func(w *world) (player, player) {
			return w.firefox(b, "/r/lobby"), w.mediaNative("lobby", "")
		}},
		{"with itself", func(w *world) (player, player) { return w.firefox(b, "/polite"), w.firefox(b, "/impolite") }},
	} {
		t.Run(c.name, func(t *testing.T) {
			ours, theirs := c.make(newWorld(t))
			both(ours, theirs, func(p participant) { p.connect() })
			awaitChannels(t, 1, ours, theirs)
			for range 5 {
				both(ours, theirs, func(p participant) { p.renegotiate() })
			}
			both(ours, theirs, func(p participant) {
				p.(player).play(true)
				if tab, is := p.(*mediaTab); is {
					tab.eval(`document.querySelector("#microphone").click()`, nil)
				}
			})
			awaitPictures(t, ours, theirs)
			for _, p := range []player{ours, theirs} {
				if tab, is := p.(*mediaTab); is {
					await(t, "sound comes", func() bool {
						return tab.text(`document.querySelectorAll("#media [data-kind=audio][data-state=live]").length + ""`) == "1"
					}, ours, theirs)
				}
			}
			for range 5 {
				both(ours, theirs, func(p participant) {
					p.(player).play(false)
					p.(player).play(true)
				})
				awaitPictures(t, ours, theirs)
			}
			ours.say("it holds")
			await(t, "chat goes on", func() bool { return len(theirs.received()) == 1 }, ours, theirs)
			nothingSurfaced(t, ours, theirs)
			for _, p := range []player{ours, theirs} {
				t.Logf("%d rollbacks, %d ignored", p.count(trace.CollisionRollback), p.count(trace.CollisionIgnored))
			}
		})
	}
}

// TestFirefoxClient has a page with client.mjs in Firefox do all that TestClient does. Only
// Firefox restarts ICE: where Chromium does, Firefox (153) may remain in checking, and hears
// nothing more.
func TestFirefoxClient(t *testing.T) {
	b := newFirefox(t)
	open := func(w *world, room string, options ...string) *clientPage {
		w.t.Helper()
		c := &clientPage{w.window(b, clientURL(w, room, options...))}
		c.open()
		return c
	}
	for _, c := range []struct {
		name string
		make func(w *world) (ours *clientPage, theirs player)
	}{
		{"polite with a tab in Chromium", func(w *world) (*clientPage, player) { return open(w, demoRoom, "role=polite"), w.mediaTab("/impolite") }},
		{"impolite with a tab in Chromium", func(w *world) (*clientPage, player) { return open(w, demoRoom, "role=impolite"), w.mediaTab("/polite") }},
		{"by rank with one in Chromium", func(w *world) (*clientPage, player) { return open(w, "lobby"), w.client("lobby") }},
		{"by rank with a native peer", func(w *world) (*clientPage, player) { return open(w, "lobby"), w.mediaNative("lobby", "") }},
		{"with itself", func(w *world) (*clientPage, player) { return open(w, "lobby"), open(w, "lobby") }},
	} {
		t.Run(c.name, func(t *testing.T) {
			ours, theirs := c.make(newWorld(t, anyOrigin))
			converses(t, ours, theirs, ours)
		})
	}
}

// TestFirefoxRestarts has Firefox offer first, so that its DTLS role is passive, and
// the other side restart ICE. Firefox (153) answers that it is active from then on,
// and Chromium refuses such an answer.
func TestFirefoxRestarts(t *testing.T) {
	b := newFirefox(t)
	for _, c := range []struct {
		name string
		make func(w *world) restarter
	}{
		{"with Chromium", func(w *world) restarter { return w.mediaTab("/impolite") }},
		{"with a native peer", func(w *world) restarter { return w.native(demoRoom, "impolite", false) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			ours, theirs := w.firefox(b, "/polite"), c.make(w)
			ours.connect()
			awaitChannels(t, 1, ours, theirs)
			role := ours.text(`/a=setup:(\w+)/.exec(connections.at(-1).currentRemoteDescription.sdp)[1]`)
			if role != "active" {
				t.Fatalf("the other side is %q", role)
			}
			before := ours.ufrag()
			theirs.restart()
			await(t, "new credentials", func() bool { return ours.ufrag() != before }, ours, theirs)
			ours.say("it holds")
			await(t, "chat goes on", func() bool { return len(theirs.received()) == 1 }, ours, theirs)
			theirs.renegotiate()
			await(t, "an offer after that", func() bool { return theirs.count(trace.AnswerReceived) == 2 }, ours, theirs)
			nothingSurfaced(t, ours, theirs)
		})
	}
}

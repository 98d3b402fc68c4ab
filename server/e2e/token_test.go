package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"perfect-negotiation/negotiation/trace"
)

// guarded starts a server that lets in only who has a token, and returns a function that
// has the program print a token and a link for a room. The server has newer secrets than
// the one that signs them, if there are any.
func guarded(t *testing.T, newer ...string) (w *world, relay *process, issue func(arguments ...string) (token, link string)) {
	t.Helper()
	program := program(t)
	secret := secretFile(t, strings.Repeat("s", 32))
	relay, url := serveProcess(t, program, "serve", "--log-level", "debug",
		"--auth-secret-file", secretFile(t, append(newer, strings.Repeat("s", 32))...))
	return worldAt(t, url), relay, func(arguments ...string) (token, link string) {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), program, append([]string{"token", "--auth-secret-file", secret, "--public-url", url}, arguments...)...)
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		token, link, _ = strings.Cut(strings.TrimSpace(string(out)), "\n")
		return token, link
	}
}

func secretFile(t *testing.T, secrets ...string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte(strings.Join(secrets, "\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// TestTokenOfATab has a link with a token lead a tab into a room. The address has it no
// more, the tab keeps it, and nobody else sees it.
func TestTokenOfATab(t *testing.T) {
	t.Parallel()
	w, relay, issue := guarded(t)
	token, link := issue("--room", "inn")
	b := w.blank(link)
	b.open()
	n := start(t, program(t), "PN_TOKEN="+token, "peer", "--server", w.url, "--room", "inn")
	n.expectLog("Data channel 'data-polite' opened")
	await(t, "the tab is connected", func() bool { return b.count(trace.ChannelOpened) > 0 }, b)
	expectNoToken := func() {
		t.Helper()
		if address := b.text(`location.href`); address != w.url+"/r/inn" {
			t.Errorf("the address is %s", address)
		}
		for where, text := range map[string]string{
			"the page":          b.text(`document.documentElement.outerHTML`),
			"its local storage": b.text(`JSON.stringify(localStorage)`),
			"its trace":         b.text(`(() => { const seen = new Set(); return JSON.stringify(inspector, (_, v) => v instanceof Object && seen.size === seen.add(v).size ? null : v); })()`),
			"what it loaded":    b.text(`JSON.stringify(performance.getEntriesByType("resource").map((e) => e.name))`),
			"the server's log":  relay.log.String(),
			"the peer's log":    n.log.String(),
		} {
			if strings.Contains(text, token) {
				t.Errorf("it is in %s", where)
			}
		}
	}
	expectNoToken()
	if note := b.text(`document.querySelector("#share-note").textContent`); !strings.Contains(note, "pass on the link that you were given") {
		t.Errorf("it says of its own address: %s", note)
	}
	b.again() // it is kept for a reload
	expectNoToken()

	// Another tab has none, and the way on is the link.
	other := w.rawTab(w.url + "/r/inn")
	other.awaitNotice("wants a token")
	if err := other.navigate(link); err != nil { // another fragment: the page stays
		t.Fatal(err)
	}
	other.press("#notice-action")
	other.ready()
}

// TestTokenThatIsRefused has tabs show tokens that do not let in: they say why, and what
// to do.
func TestTokenThatIsRefused(t *testing.T) {
	t.Parallel()
	w, _, issue := guarded(t)
	_, link := issue("--room", "inn", "--ttl", "1s")
	other := w.rawTab(strings.Replace(link, "/r/inn", "/r/other", 1))
	other.awaitNotice("The relay refuses: the token is for another room")
	broken := w.rawTab(link[:len(link)-5] + "...)")
	broken.awaitNotice("The relay refuses: the token is not one of this server")
	late := w.rawTab(link)
	for refused := false; !refused; { // it may have been in time
		refused = strings.Contains(late.notice(), "The relay refuses: the token has expired: ask for a new link")
		if !refused && late.text(`document.querySelector("#signal")?.dataset.state ?? ""`) == "connected" {
			late = w.rawTab(link)
		}
	}
}

// TestTicketOfATab has a server start anew that does not take the tokens of two who talk
// any more: both come back, the tab after a reload, too, and nobody else comes in.
func TestTicketOfATab(t *testing.T) {
	t.Parallel()
	newer := strings.Repeat("n", 32)
	w, relay, issue := guarded(t, newer)
	token, link := issue("--room", "inn")
	b := w.blank(link)
	b.open()
	n := start(t, program(t), "PN_TOKEN="+token, "peer", "--server", w.url, "--room", "inn")
	n.expectLog("Data channel 'data-polite' opened")
	await(t, "the tab is connected", func() bool { return b.count(trace.ChannelOpened) > 0 }, b)

	if err := relay.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	relay.end()
	joined := b.count(trace.RoomJoined)
	start(t, program(t), "PN_ADDR="+strings.TrimPrefix(w.url, "http://"), "serve", "--auth-secret-file", secretFile(t, newer)).expectLog("page=")
	await(t, "the tab is in the room again", func() bool { return b.count(trace.RoomJoined) > joined }, b)
	await(t, "the peer is in the room again", func() bool { return strings.Count(n.log.String(), "Joined room") == 2 }, b)
	b.say("still here")
	awaitLog(t, n.out, "Received: still here\n")
	b.again()
	await(t, "the tab is connected", func() bool { return b.count(trace.ChannelOpened) > 0 }, b)
	w.rawTab(link).awaitNotice("The relay refuses: the token is not one of this server")
}

// TestTokenWithARole has tokens give the roles of the demo, and of a room in which nobody
// asks for one.
func TestTokenWithARole(t *testing.T) {
	t.Parallel()
	w, _, issue := guarded(t)
	_, polite := issue("--room", "demo", "--role", "polite")
	_, impolite := issue("--room", "demo", "--role", "impolite")
	a, b := w.blank(polite), w.blank(impolite)
	a.open()
	b.open()
	a.connect()
	awaitChannels(t, 1, a, b)
	if role := a.text(`document.querySelector("#role").dataset.role`); role != "polite" {
		t.Errorf("it is %s", role)
	}

	_, link := issue("--room", "pair", "--role", "polite")
	c := w.blank(link) // by its rank it would be impolite
	c.open()
	token, _ := issue("--room", "pair", "--role", "impolite")
	n := start(t, program(t), "PN_TOKEN="+token, "peer", "--server", w.url, "--room", "pair")
	n.expectLog("[IMPOLITE] Data channel")
	await(t, "the tab is connected", func() bool { return c.count(trace.ChannelOpened) > 0 }, c)
	if role := c.text(`document.querySelector("#role").dataset.role`); role != "polite" {
		t.Errorf("it is %s", role)
	}
}

// TestNamesAreSecret has the landing page make up names that nobody guesses.
func TestNamesAreSecret(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	home := w.rawTab(w.url + "/")
	form := regexp.MustCompile(`^[a-z]+-[a-z]+-([a-z2-7]{16})$`) // 5 bits a letter
	seen := map[string]bool{}
	for range 50 {
		name := ""
		await(t, "it makes up a name", func() bool {
			name = home.text(`document.querySelector("#room-name")?.value ?? ""`)
			return name != ""
		})
		found := form.FindStringSubmatch(name)
		if found == nil || seen[found[1]] {
			t.Fatalf("it makes up %q, after %d others", name, len(seen))
		}
		seen[found[1]] = true
		home.press("#new-name")
	}
}

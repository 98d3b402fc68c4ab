package terminal

import (
	"context"
	"net/http/httptest"
	"strings"
	"testing"

	"perfect-negotiation/server/relay"
)

// A person types at a terminal while others are printed, and sees who said what.
func TestScreen(t *testing.T) {
	t.Setenv("TERM", "xterm")
	relay := relay.New(relay.Config{})
	server := httptest.NewServer(relay)
	defer server.Close()
	defer func() { _ = relay.Shutdown(context.Background()) }() // what is left is cut off
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()

	tty := newPTY(t, 40)
	before := tty.mode(t)
	person := start(ctx, t, server.URL, Config{In: tty.program, Out: tty.program, Log: tty.program, Colour: true})
	tty.shown.await(t, "\x1b[32mSUCCESS\x1b[0m Joined room 'inn'\r\n> ")
	first := run(ctx, t, server.URL, Config{})
	first.log.awaitTimes(t, "opened", 2) // channels with each

	// What is typed stays, and is sent whole.
	tty.typed(t, "hel")
	tty.shown.await(t, "hel")
	first.write(t, "one")
	tty.shown.await(t, "Received: one\r\n> hel")
	tty.typed(t, "lo\r")
	first.out.await(t, "Received: hello\n")

	// With two peers each line names the sender.
	second := run(ctx, t, server.URL, Config{})
	second.log.awaitTimes(t, "opened", 4)
	second.write(t, "two")
	tty.shown.await(t, ":\x1b[0m two\r\n> ")
	if shown := tty.shown.String(); strings.Contains(shown, "Received: two") {
		t.Errorf("it does not say who:\n%s", shown)
	}

	// A long line is wrapped where the terminal ends now.
	tty.resize(t, 20)
	tty.typed(t, strings.Repeat("x", 30))
	tty.shown.await(t, "xxxxxxxxxxxx\r\n")
	tty.typed(t, "\x15/help\r")
	tty.shown.await(t, "/collide [N] [PEER]")
	if tty.mode(t) == before {
		t.Error("the lines are not edited here")
	}
	tty.typed(t, "\x03") // ^C
	if err := <-person.ended; err != nil {
		t.Errorf("it ends with %v", err)
	}
	if tty.mode(t) != before {
		t.Error("the terminal is not as it was")
	}
	cancel()
	<-first.ended
	<-second.ended
	if out := first.out.String(); out != "Received: hello\nReceived: two\n" {
		t.Errorf("a pipe has %q", out)
	}
	if log := first.log.String() + second.log.String(); strings.Contains(log, "\x1b") {
		t.Errorf("a log that is no terminal has colours:\n%s", log)
	}
}

// Without colours, or on a terminal without escape sequences, none are written.
func TestScreenWithoutColours(t *testing.T) {
	for _, row := range []struct {
		term   string
		colour bool
		edited bool
	}{
		{"xterm", false, true},
		{"dumb", true, false},
		{"", true, false},
	} {
		t.Setenv("TERM", row.term)
		tty := newPTY(t, 80)
		terminal := New(Config{In: tty.program, Out: tty.program, Log: tty.program, Colour: row.colour})
		if terminal.out.style.colour || terminal.log.style.colour || !terminal.log.style.names {
			t.Errorf("with TERM=%s it is %+v", row.term, terminal.log.style)
		}
		if edited := terminal.screen != nil; edited != row.edited {
			t.Errorf("with TERM=%s lines are edited: %t", row.term, edited)
		}
	}
}

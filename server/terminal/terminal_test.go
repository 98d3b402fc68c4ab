package terminal

import (
	"context"
	"io"
	"net/http/httptest"
	"strings"
	"testing"

	"perfect-negotiation/negotiation/peer"
	"perfect-negotiation/negotiation/signaling"
	"perfect-negotiation/negotiation/trace"
	"perfect-negotiation/server/relay"
)

func TestFind(t *testing.T) {
	terminal := New(Config{})
	for _, id := range []string{"abc1", "abc2", "b", "\x1b[31mred", "\x1b[32mgreen"} {
		terminal.Trace(trace.Event{Kind: trace.PeerJoined, Peer: id})
	}
	for _, row := range []struct{ name, id, refusal string }{
		{"", "", ""},
		{"abc1", "abc1", ""},
		{"b", "b", ""},
		{"a", "", "the ids of 2 peers begin with a"},
		{"abc", "", "the ids of 2 peers begin with abc"},
		{"c", "", "no peer is here whose id begins with c"},
		{"abc12", "", "no peer is here whose id begins with abc12"},
		{"\x1b[3", "", `the ids of 2 peers begin with \x1b[3`},
		{"\x1b[33", "", `no peer is here whose id begins with \x1b[33`},
	} {
		id, err := terminal.find(row.name)
		refusal := ""
		if err != nil {
			refusal = err.Error()
		}
		if id != row.id || refusal != row.refusal {
			t.Errorf("%q is %q, %q", row.name, id, refusal)
		}
	}
}

// The ids of peers are what the relay says they are, and a line each.
func TestPeersOfAnEvilRelay(t *testing.T) {
	log := &transcript{}
	terminal := New(Config{Log: log})
	terminal.roster.Apply(trace.Event{Kind: trace.PeerJoined, Peer: "\x1b]0;title\a\nReceived: forged", Role: "polite"})
	go terminal.log.run()
	terminal.list()
	terminal.log.close()
	if got, want := log.String(), "1 peers are here.\n"+`  \x1b]0;title\a\nReceived: forged  we are polite  new`+"\n"; got != want {
		t.Errorf("it says %q", got)
	}
}

// typed is a Terminal with its input and outputs.
type typed struct {
	in       io.Writer
	out, log *transcript
	ended    chan error
}

// run runs a Terminal in the room of a relay until ctx ends, at the latest.
func run(ctx context.Context, t *testing.T, relay string, c Config) *typed {
	t.Helper()
	in, out := io.Pipe()
	p := &typed{in: out, out: &transcript{}, log: &transcript{}}
	c.In, c.Out, c.Log = in, p.out, p.log
	p.ended = start(ctx, t, relay, c).ended
	return p
}

// start runs a Terminal that has its input and outputs.
func start(ctx context.Context, t *testing.T, relay string, c Config) *typed {
	t.Helper()
	p := &typed{ended: make(chan error, 1)}
	terminal := New(c)
	joined, err := peer.Join(ctx, peer.Config{
		Options: signaling.Options{Server: relay, Room: "inn"},
		Trace:   terminal.Trace,
		OnTrack: terminal.OnTrack,
	})
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		p.ended <- terminal.Run(ctx, joined)
		if in, is := c.In.(*io.PipeReader); is {
			_ = in.Close() // and nothing more is read
		}
	}()
	return p
}

func (p *typed) write(t *testing.T, line string) {
	t.Helper()
	if _, err := io.WriteString(p.in, line+"\n"); err != nil {
		t.Error(err)
	}
}

// Two terminals talk, and when they end nothing of them is left: TestMain looks.
func TestRun(t *testing.T) {
	relay := relay.New(relay.Config{})
	server := httptest.NewServer(relay)
	defer server.Close()
	defer func() { _ = relay.Shutdown(context.Background()) }() // what is left is cut off
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	quits, echoes := run(ctx, t, server.URL, Config{Verbose: true}), run(ctx, t, server.URL, Config{Echo: true})
	quits.write(t, "hello")
	quits.out.await(t, "Received: hello\n")
	quits.write(t, "/peers")
	quits.log.await(t, "1 peers are here.\n")
	quits.log.await(t, " DEBUG ")
	quits.write(t, "/quit")
	if err := <-quits.ended; err != nil {
		t.Errorf("/quit ends with %v", err)
	}
	echoes.log.await(t, "is gone")
	cancel()
	if err := <-echoes.ended; err != nil {
		t.Errorf("the end of the context is the error %v", err)
	}
	if log := echoes.log.String(); strings.Contains(log, " DEBUG ") {
		t.Errorf("it is not verbose, and logs\n%s", log)
	}
}

package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"perfect-negotiation/negotiation/peer"
	"perfect-negotiation/negotiation/signaling"
	"perfect-negotiation/negotiation/signaling/wire"
	"perfect-negotiation/negotiation/trace"
)

// secrets are texts that an operator must never find in a log.
type secrets struct {
	mu    sync.Mutex
	known []string
}

func (s *secrets) add(texts ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.known = append(s.known, texts...)
}

func (s *secrets) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.known)
}

// canary returns a new secret, which is a name of a room and a key, too.
func (s *secrets) canary() string {
	text := "canary" + rand.Text()
	s.add(text)
	return text
}

// expose reports secrets in a text.
func (s *secrets) expose(t *testing.T, where, text string) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, secret := range s.known {
		if strings.Contains(text, secret) {
			t.Errorf("%q is in %s", secret, where)
		}
	}
}

// eavesdropper is a Transport that notes what is secret in what it carries.
type eavesdropper struct {
	signaling.Transport
	secrets *secrets
}

// ofSDP are the parts of a description that are secret, or tell where a person is.
var ofSDP = regexp.MustCompile(`a=(?:ice-ufrag|ice-pwd|fingerprint|candidate|ssrc|msid):(.+?)\r\n|candidate:(.+)`)

func (e eavesdropper) Send(envelope signaling.Envelope) error {
	if m := envelope.Message; m != nil {
		text := ""
		if m.Description != nil {
			text = m.Description.SDP
		} else if m.Candidate != nil {
			text = m.Candidate.Candidate
		}
		for _, found := range ofSDP.FindAllStringSubmatch(text, -1) {
			e.secrets.add(found[1] + found[2])
		}
	}
	if envelope.Session != "" {
		e.secrets.add(envelope.Session)
	}
	return e.Transport.Send(envelope)
}

// Whatever clients do, nothing that an operator writes down or looks at has their
// descriptions, candidates, keys, tokens or rooms, nor the operator's own passwords.
func TestCanary(t *testing.T) {
	var s secrets
	credential, room := s.canary(), s.canary()
	server := startServe(t, "--log-level", "debug", "--log", "json", "--internal-addr", "127.0.0.1:0", "--origin", "https://good.example",
		"--ice-server", "turn:127.0.0.1:9", "--ice-username", "name", "--ice-credential", credential)
	internal := "http://" + server.logged(`"internal":"([^"]+)"`)

	// A session of two peers, who talk.
	var opened sync.WaitGroup
	var once [2]sync.Once
	opened.Add(2)
	for i := range 2 {
		p, err := peer.Join(t.Context(), peer.Config{
			Options: signaling.Options{Server: server.url, Room: room, Key: s.canary()},
			Verbose: true,
			Trace: func(e trace.Event) {
				if e.Kind == trace.ChannelOpened {
					once[i].Do(opened.Done)
				}
			},
			Dial: func(ctx context.Context, o signaling.Options, h signaling.Handler) (signaling.Transport, error) {
				transport, err := signaling.Relay(ctx, o, h)
				return eavesdropper{transport, &s}, err
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			p.Close()
			<-p.Done()
		}()
	}
	opened.Wait()
	if n := s.count(); n < 20 {
		t.Errorf("only %d secrets went by", n)
	}

	// What a client may do wrong.
	query := func(more string) string { return "room=" + s.canary() + more }
	for _, refused := range []*websocket.Conn{
		dial(t, server.url, query("&role="+s.canary())),
		dial(t, server.url, query("&rank="+s.canary())),
		dial(t, server.url, query("&protocol=0&token="+s.canary())),
		dial(t, server.url, query(""), "pn", wire.KeyPrefix+s.canary()+"."),
		dial(t, server.url, "room="+strings.Repeat(s.canary(), 9)),
	} {
		if f := readFrame(t, refused); f.Error == nil {
			t.Errorf("it is told %+v", f)
		}
		readAll(refused)
	}
	key := wire.KeyPrefix + s.canary()
	first := dial(t, server.url, "room="+room, "pn", key, "pn.token."+s.canary())
	readFrame(t, first)
	for _, text := range []string{s.canary(), `{"to":"` + s.canary() + `"}`, `{"welcome":"` + s.canary() + `"}`, "\xff" + s.canary()} {
		if err := first.WriteMessage(websocket.TextMessage, []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	again := dial(t, server.url, "room="+room, "pn", key) // replaces it
	readFrame(t, again)
	readAll(first)
	if err := again.WriteMessage(websocket.TextMessage, []byte(`{"pad":"`+strings.Repeat(s.canary(), 3000)+`"}`)); err != nil {
		t.Fatal(err)
	}
	readAll(again)
	header := http.Header{"Origin": {"https://bad.example"}}
	if _, _, err := (&websocket.Dialer{Subprotocols: []string{"pn", "pn.key." + s.canary()}}).Dial("ws"+strings.TrimPrefix(server.url, "http")+"/ws?"+query(""), header); err == nil {
		t.Error("a page of another site is let in")
	}
	for _, request := range []string{
		s.canary() + "\r\n\r\n",
		"GET /" + s.canary() + " HTTP/9.9\r\n\r\n",
		"GET /ws?room=" + s.canary() + " HTTP/1.1\r\nHost: " + s.canary() + "\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 12\r\n\r\n",
		"GET /r/" + s.canary() + "?" + s.canary() + " HTTP/1.1\r\nHost: h\r\nCookie: " + s.canary() + "\r\nConnection: close\r\n\r\n",
	} {
		conn := sends(t, server.url, request)
		_ = conn.(interface{ CloseWrite() error }).CloseWrite()
		_, _ = io.Copy(io.Discard, conn)
	}

	for _, path := range []string{"/metrics", "/debug/pprof/goroutine?debug=2", "/debug/pprof/heap?debug=1", "/debug/pprof/cmdline"} {
		_, text := get(t, internal+path)
		s.expose(t, path, text)
	}
	_, text := get(t, server.url+"/readyz")
	s.expose(t, "/readyz", text)
	if err := server.end(); err != nil {
		t.Error(err)
	}
	s.expose(t, "the log", server.log.String())
	for _, want := range []string{"peer joined", "client refused", "page refused", "shutting down"} {
		if !strings.Contains(server.log.String(), want) {
			t.Errorf("the log has no %q, and the test no point", want)
		}
	}
}

// Where tokens let clients in, neither the operator's log nor that of a peer has one, or
// the secret.
func TestCanaryOfTokens(t *testing.T) {
	var s secrets
	secret, room := s.canary(), s.canary()
	i := newIssuer(t, secret)
	server := startServe(t, "--log-level", "debug", "--log", "json", "--internal-addr", "127.0.0.1:0", "--auth-secret-file", i.file)
	internal := "http://" + server.logged(`"internal":"([^"]+)"`)
	issue := func(room string, after time.Duration) string {
		text := i.issue(room, after)
		for part := range strings.SplitSeq(text, ".") {
			if part != strings.Split(text, ".")[0] { // the header is the same in all
				s.add(part)
			}
		}
		return text
	}
	good := issue(room, time.Hour)
	welcome, first := takes(t, server.url, "room="+room, "", good)
	s.add(strings.Split(welcome.Ticket, ".")[1:]...)
	refuses(t, server.url, "room="+room, "", issue("other", time.Hour), wire.CodeBadToken)
	refuses(t, server.url, "room="+room, "", issue(room, -time.Hour), wire.CodeTokenExpired)
	refuses(t, server.url, "room="+room, "", s.canary(), wire.CodeBadToken)
	refuses(t, server.url, "room="+room, "", s.canary()+"=", wire.CodeBadToken)
	header := http.Header{"Origin": {"https://bad.example"}}
	if _, _, err := (&websocket.Dialer{Subprotocols: []string{"pn", wire.TokenPrefix + good}}).Dial("ws"+strings.TrimPrefix(server.url, "http")+"/ws?room="+room, header); err == nil {
		t.Error("a page of another site is let in")
	}
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte(good), 0o600); err != nil {
		t.Fatal(err)
	}
	peer := startCommand(t, "peer", "--server", server.url, "--room", room, "--verbose", "--log", "json", "--token-file", file)
	peer.logged("(room-joined)")
	wrong := filepath.Join(t.TempDir(), "wrong")
	if err := os.WriteFile(wrong, []byte(issue("other", time.Hour)), 0o600); err != nil {
		t.Fatal(err)
	}
	refused := startCommand(t, "peer", "--server", server.url, "--room", room, "--verbose", "--log", "json", "--token-file", wrong)
	refused.logged("(relay-refused)")

	_, text := get(t, internal+"/metrics")
	s.expose(t, "/metrics", text)
	_ = first.Close()
	_ = peer.end() // it says how on its log
	if err := server.end(); err != nil {
		t.Error(err)
	}
	s.expose(t, "the log", server.log.String())
	for i, log := range []string{peer.log.String(), refused.log.String()} {
		log = strings.ReplaceAll(log, room, "") // a peer knows its room
		s.expose(t, fmt.Sprintf("the log of peer %d", i), log)
	}
}

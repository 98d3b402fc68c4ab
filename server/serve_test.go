package main

import (
	"context"
	"io"
	"net"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"perfect-negotiation/negotiation/signaling/wire"
)

// patience is how long a test waits for what must come.
const patience = 20 * time.Second

// written is what a program has written.
type written struct {
	mu   sync.Mutex
	text strings.Builder
	more chan struct{} // something is new; capacity 1
}

func (w *written) Write(text []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	select {
	case w.more <- struct{}{}:
	default:
	}
	return w.text.Write(text)
}

func (w *written) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.String()
}

// serving is a command, mostly serve, in this process.
type serving struct {
	t    *testing.T
	log  *written
	url  string             // of the page, if it serves
	stop context.CancelFunc // as SIGTERM does
	done chan error         // has what the command returns
}

// startServe runs serve with options at a free port of loopback.
func startServe(t *testing.T, options ...string) *serving {
	t.Helper()
	s := startCommand(t, append([]string{"serve", "--addr", "127.0.0.1:0"}, options...)...)
	s.url = s.logged(`page"?[=:]"?(https?://[^\s"]+)`)
	return s
}

// startCommand starts a command in this process. Nobody types.
func startCommand(t *testing.T, arguments ...string) *serving {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	in, typed := io.Pipe()
	s := &serving{t: t, log: &written{more: make(chan struct{}, 1)}, stop: stop, done: make(chan error, 1)}
	root := command()
	root.Reader, root.Writer, root.ErrWriter = in, io.Discard, s.log
	go func() { s.done <- root.Run(ctx, append([]string{"server"}, arguments...)) }()
	t.Cleanup(func() {
		_ = typed.Close()
		s.end()
		if t.Failed() {
			t.Logf("the log:\n%s", s.log)
		}
	})
	return s
}

// logged waits until the log has what matches, and returns the first group of that.
func (s *serving) logged(pattern string) string {
	s.t.Helper()
	expression := regexp.MustCompile(pattern)
	deadline := time.After(patience)
	for {
		if found := expression.FindStringSubmatch(s.log.String()); found != nil {
			return found[len(found)-1]
		}
		select {
		case <-s.log.more:
		case err := <-s.done:
			s.done <- err
			s.t.Fatalf("it has ended: %v; its log has no %s", err, pattern)
		case <-deadline:
			s.t.Fatalf("its log has no %s:\n%s", pattern, s.log)
		}
	}
}

// end stops it, and returns what the command returns.
func (s *serving) end() error {
	s.stop()
	err := <-s.done
	s.done <- err
	return err
}

// get returns the status and the body of a page.
func get(t *testing.T, url string) (status int, body string) {
	t.Helper()
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	b, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(b)
}

// dial opens a WebSocket to the relay of a server, with these subprotocols.
func dial(t *testing.T, url, query string, protocols ...string) *websocket.Conn {
	t.Helper()
	ws, response, err := (&websocket.Dialer{Subprotocols: protocols}).Dial("ws"+strings.TrimPrefix(url, "http")+"/ws?"+query, nil)
	if err != nil {
		t.Fatalf("dial: %v, %+v", err, response)
	}
	t.Cleanup(func() { _ = ws.Close() })
	_ = ws.SetReadDeadline(time.Now().Add(patience)) // never fails
	return ws
}

// frame is what the tests read of a frame.
type frame struct {
	Welcome *wire.Welcome
	Error   *wire.Error
}

func readFrame(t *testing.T, ws *websocket.Conn) (f frame) {
	t.Helper()
	if err := ws.ReadJSON(&f); err != nil {
		t.Fatal(err)
	}
	return f
}

// readAll reads until the relay closes the connection.
func readAll(ws *websocket.Conn) {
	for _, _, err := ws.ReadMessage(); err == nil; _, _, err = ws.ReadMessage() {
		continue
	}
}

// sends opens a connection and sends what need not be HTTP.
func sends(t *testing.T, url, text string) net.Conn {
	t.Helper()
	_, address, _ := strings.Cut(url, "://")
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(patience)) // never fails
	if _, err := io.WriteString(conn, text); err != nil {
		t.Fatal(err)
	}
	return conn
}

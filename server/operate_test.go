package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/gorilla/websocket"

	"perfect-negotiation/negotiation/signaling/wire"
)

// Metrics and profiles are served at an address of their own, and nowhere else.
func TestInternalAddress(t *testing.T) {
	s := startServe(t, "--internal-addr", "127.0.0.1:0")
	internal := "http://" + s.logged(`internal=(\S+)`)
	ws := dial(t, s.url, "room=r")
	welcome := readFrame(t, ws).Welcome
	if welcome == nil || welcome.Version != version() {
		t.Errorf("it is welcomed with %+v", welcome)
	}
	if f := readFrame(t, dial(t, s.url, "room=")); f.Error == nil {
		t.Errorf("it is told %+v", f)
	}
	status, text := get(t, internal+"/metrics")
	for _, line := range []string{
		fmt.Sprintf(`signal_build_info\{source="[0-9a-f]{8}",version=%q\} 1`, version()),
		"signal_connections [12]", "signal_rooms 1", "signal_ready 1", "signal_handshakes_total 2", "signal_joins_total 1",
		"signal_queue_bytes 0", "signal_messages_total 0",
		`signal_rejects_total\{reason="bad-room"\} 1`, `signal_rejects_total\{reason="role-taken"\} 0`,
		`signal_evictions_total\{reason="slow"\} 0`, `go_goroutines \d+`,
	} {
		if status != http.StatusOK || !regexp.MustCompile(`(?m)^`+line+`$`).MatchString(text) {
			t.Errorf("status %d, and no %s in\n%s", status, line, text)
		}
	}
	if status, text := get(t, internal+"/debug/pprof/goroutine?debug=1"); status != http.StatusOK || !strings.Contains(text, "relay.(*conn).serve") {
		t.Errorf("the profile: %d %s", status, text)
	}
	for _, url := range []string{
		internal + "/debug/pprof/cmdline", // may have a password in it
		internal + "/", internal + "/ws?room=r",
		s.url + "/metrics", s.url + "/debug/pprof/", s.url + "/debug/pprof/heap",
	} {
		if status, _ := get(t, url); status != http.StatusNotFound {
			t.Errorf("%s answers with %d", url, status)
		}
	}
}

// A server that is told to end tells its clients when to come back.
func TestReturns(t *testing.T) {
	s := startServe(t, "--returns-per-second", "1")
	var clients []*websocket.Conn
	for n := range 3 {
		ws := dial(t, s.url, fmt.Sprint("room=", n))
		readFrame(t, ws)
		clients = append(clients, ws)
	}
	s.stop()
	var sum float64
	for _, ws := range clients {
		f := readFrame(t, ws)
		if f.Error == nil || f.Error.Code != wire.CodeShutdown {
			t.Fatalf("it is told %+v", f)
		}
		sum += f.Error.RetryAfter
		readAll(ws)
	}
	if sum != 0+1+2 {
		t.Errorf("they come back after %g s in all", sum)
	}
	if err := s.end(); err != nil {
		t.Error(err)
	}
}

// The log is JSON if that is asked for, and has the lines of a level and above.
func TestLog(t *testing.T) {
	for level, want := range map[string]bool{"debug": true, "info": false} {
		s := startServe(t, "--log", "json", "--log-level", level)
		ws := dial(t, s.url, "room=r")
		readFrame(t, ws)
		s.stop()
		readAll(ws)
		if err := s.end(); err != nil {
			t.Error(err)
		}
		for line := range strings.Lines(s.log.String()) {
			var object map[string]any
			if err := json.Unmarshal([]byte(line), &object); err != nil || object["msg"] == nil || object["level"] == nil {
				t.Errorf("%s: %s: %v", level, line, err)
			}
		}
		if strings.Contains(s.log.String(), `"msg":"peer joined"`) != want {
			t.Errorf("%s: the log is\n%s", level, s.log)
		}
	}
}

// The alert rules ask for metrics that there are.
func TestAlerts(t *testing.T) {
	const file = "deploy/alerts.yml"
	rules, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	s := startServe(t, "--internal-addr", "127.0.0.1:0", "--tls-self-signed", "--tls-dir", t.TempDir(),
		"--turn", "127.0.0.1:0", "--turn-open")
	_, text := get(t, "http://"+s.logged(`internal=(\S+)`)+"/metrics")
	n := 0
	for _, expression := range regexp.MustCompile(`(?m)^ +expr: (.*)`).FindAllStringSubmatch(string(rules), -1) {
		for _, name := range regexp.MustCompile(`\b(signal|go|process)_\w+(\{reason="[\w-]+"\})?`).FindAllString(expression[1], -1) {
			if n++; !strings.Contains(text, "\n"+name) {
				t.Errorf("there is no %s", name)
			}
		}
	}
	if n < 20 {
		t.Errorf("the rules ask for %d metrics", n)
	}
	if promtool, err := exec.LookPath("promtool"); err == nil {
		if out, err := exec.Command(promtool, "check", "rules", file).CombinedOutput(); err != nil {
			t.Errorf("%v: %s", err, out)
		}
	}
}

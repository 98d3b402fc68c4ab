package main

import (
	"crypto/tls"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	pion "github.com/pion/turn/v5"

	"perfect-negotiation/negotiation/signaling/wire"
	"perfect-negotiation/server/turn"
)

// allocates reports whether a TURN server gives an allocation to who has been told of it.
func allocates(t *testing.T, url string, told wire.ICEServer) error {
	t.Helper()
	scheme, rest, _ := strings.Cut(url, ":")
	address, over, _ := strings.Cut(rest, "?transport=")
	var conn net.PacketConn
	var err error
	if over == "udp" {
		conn, err = net.ListenPacket("udp4", "127.0.0.1:0")
	} else {
		var stream net.Conn
		if stream, err = net.Dial("tcp", address); err == nil {
			if scheme == "turns" {
				stream = tls.Client(stream, &tls.Config{InsecureSkipVerify: true})
			}
			conn = pion.NewSTUNConn(stream)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	c, err := pion.NewClient(&pion.ClientConfig{
		STUNServerAddr: address, TURNServerAddr: address, Conn: conn, Username: told.Username, Password: told.Credential,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Listen(); err != nil {
		t.Fatal(err)
	}
	relay, err := c.Allocate()
	if err == nil {
		err = relay.Close()
	}
	return err
}

// told returns the ICE servers that a new client is told, and its id.
func told(t *testing.T, url string) ([]wire.ICEServer, string) {
	t.Helper()
	dialer := websocket.Dialer{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
	ws, _, err := dialer.Dial("ws"+strings.TrimPrefix(url, "http")+"/ws?room=r", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer ws.Close()
	_ = ws.SetReadDeadline(time.Now().Add(patience)) // never fails
	welcome := readFrame(t, ws).Welcome
	if welcome == nil {
		t.Fatal("it is not welcome")
	}
	return welcome.ICEServers, welcome.ID
}

// A server of one's own takes the credentials that peers are told, over all its URLs.
func TestTURN(t *testing.T) {
	for name, row := range map[string]struct {
		options []string
		urls    int
	}{
		"plain": {nil, 2},
		"TLS":   {[]string{"--tls-self-signed", "--tls-dir", t.TempDir()}, 3},
	} {
		t.Run(name, func(t *testing.T) {
			s := startServe(t, append(row.options, "--turn", "127.0.0.1:0", "--turn-open", "--turn-allocations-per-id", "7",
				"--internal-addr", "127.0.0.1:0", "--log-level", "debug")...)
			servers, id := told(t, s.url)
			if len(servers) != 2 || servers[0].Credential != "" || len(servers[0].URLs) != 1 || len(servers[1].URLs) != row.urls || !strings.HasSuffix(servers[1].Username, ":"+id) {
				t.Fatalf("%s is told %+v", id, servers)
			}
			for _, url := range servers[1].URLs {
				if err := allocates(t, url, servers[1]); err != nil {
					t.Errorf("%s: %v", url, err)
				}
			}
			forged := servers[1]
			forged.Username = strings.Replace(forged.Username, ":", "0:", 1)
			if err := allocates(t, servers[1].URLs[0], forged); err == nil {
				t.Error("credentials that are made up are good")
			}
			_, text := get(t, "http://"+s.logged(`internal=(\S+)`)+"/metrics")
			for _, want := range []string{`signal_turn_rejects_total{reason="forged"} 1`, "signal_turn_allocations_total"} {
				if !strings.Contains(text, want) {
					t.Errorf("the metrics have no %s", want)
				}
			}
			if log := s.log.String(); strings.Contains(log, servers[1].Username) || strings.Contains(log, servers[1].Credential) {
				t.Error("credentials are in the log")
			}
		})
	}
}

// Where there are tokens, only who has one is told of credentials.
func TestTURNWithTokens(t *testing.T) {
	i := newIssuer(t, testSecret)
	s := startServe(t, "--turn", "127.0.0.1:0", "--auth-secret-file", i.file)
	refuses(t, s.url, "room=r", "", "", wire.CodeBadToken)
	welcome, _ := takes(t, s.url, "room=r", "", i.issue("r", time.Minute))
	if len(welcome.ICEServers) != 2 {
		t.Fatalf("it is told %+v", welcome.ICEServers)
	}
	if err := allocates(t, welcome.ICEServers[1].URLs[0], welcome.ICEServers[1]); err != nil {
		t.Error(err)
	}
}

// Credentials for the server of another are signed with its secret.
func TestTURNOfAnother(t *testing.T) {
	file := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte("0123456789abcdef\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := startServe(t, "--ice-server", "stun:192.0.2.1", "--ice-server", "turn:192.0.2.1", "--turn-secret-file", file, "--turn-lifetime", "1h")
	servers, id := told(t, s.url)
	if len(servers) != 1 || !slices.Equal(servers[0].URLs, []string{"stun:192.0.2.1", "turn:192.0.2.1"}) {
		t.Fatalf("it is told %+v", servers)
	}
	seconds, _, _ := strings.Cut(servers[0].Username, ":")
	at, err := strconv.ParseInt(seconds, 10, 64)
	if left := time.Until(time.Unix(at, 0)); err != nil || left < 58*time.Minute || left > time.Hour {
		t.Errorf("%s is good for %s, %v", servers[0].Username, left, err)
	}
	name, password := turn.Secret("0123456789abcdef").Credentials(id, time.Unix(at, 0))
	if name != servers[0].Username || password != servers[0].Credential {
		t.Errorf("%+v, want %s and %s", servers[0], name, password)
	}
}

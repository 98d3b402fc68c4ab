package e2e

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation/peer"
	"perfect-negotiation/negotiation/trace"
)

// unfinished is a request that tells of more than is there.
const unfinished = "GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n"

// sends sends a request as it stands, and returns the connection.
func sends(t *testing.T, url, request string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", url[len("http://"):])
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetReadDeadline(time.Now().Add(patience)) // never fails
	if _, err := io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	return conn
}

// silent is a client of the relay that never says anything again.
func silent(t *testing.T, url string) {
	t.Helper()
	conn := sends(t, url, "GET /ws?room=silent HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n")
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil || response.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("%v, %v", response, err)
	}
}

// TestServe runs the server as an operating system does.
func TestServe(t *testing.T) {
	t.Parallel() // it waits
	program := program(t)
	for name, test := range map[string]func(t *testing.T, program string){
		"ends without an answer": endsWithoutAnswer,
		"ends at once":           endsAtOnce,
		"requests end":           requestsEnd,
		"tells ICE servers":      tellsICEServers,
		"few files":              fewFiles,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, program)
		})
	}
}

// A server ends well though some of its clients do not.
func endsWithoutAnswer(t *testing.T, program string) {
	relay, url := serveProcess(t, program)
	silent(t, url)
	sends(t, url, unfinished)
	ready := func() int {
		response, err := http.Get(url + "/readyz")
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		return response.StatusCode
	}
	if status := ready(); status != http.StatusOK {
		t.Errorf("status %d at first", status)
	}
	if err := relay.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	await(t, "it is not ready any more", func() bool { return ready() == http.StatusServiceUnavailable })
	relay.ends(0)
	relay.expectLog("cut off")
}

// A second signal ends a server at once.
func endsAtOnce(t *testing.T, program string) {
	for _, signal := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		t.Run(signal.String(), func(t *testing.T) {
			relay, url := serveProcess(t, program)
			silent(t, url)
			sent := make(chan struct{})
			go func() {
				defer close(sent)
				for relay.cmd.Process.Signal(signal) == nil {
					continue
				}
			}()
			relay.ends(-1)
			<-sent
		})
	}
}

// A request does not hold a connection for longer than it may take, and a WebSocket
// lasts.
func requestsEnd(t *testing.T, program string) {
	_, url := serveProcess(t, program)
	n := worldAt(t, url).native("lasts", "", false)
	conn := sends(t, url, unfinished)
	if _, err := io.Copy(io.Discard, conn); err != nil {
		t.Errorf("it ends with %v", err)
	}
	other := worldAt(t, url).native("lasts", "", true)
	awaitChannels(t, 1, n, other)
	if n.count(trace.RelayLost) > 0 {
		t.Error("a WebSocket has ended, too")
	}
}

// Peers are told of the STUN and TURN servers, and how to use them.
func tellsICEServers(t *testing.T, program string) {
	_, url := serveProcess(t, program, "PN_ORIGIN=", "PN_ICE_CREDENTIAL=secret", "serve",
		"--ice-server", "stun:127.0.0.1:9", "--ice-server", "turn:127.0.0.1:9", "--ice-username", "name")
	w := worldAt(t, url)
	told := make(chan []webrtc.ICEServer, 2)
	w.newConnection = func(c webrtc.Configuration) (*webrtc.PeerConnection, error) {
		told <- c.ICEServers
		return peer.NewPeerConnection(c)
	}
	a, b := w.native("servers", "", true), w.native("servers", "", true)
	awaitChannels(t, 1, a, b)
	if got, want := fmt.Sprint(<-told), "[{[stun:127.0.0.1:9 turn:127.0.0.1:9] name secret password}]"; got != want {
		t.Errorf("they are told %s", got)
	}
}

// A server that may open few files lets in no more clients than it has files for, and
// says so.
func fewFiles(t *testing.T, program string) {
	shell, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("there is no shell to limit it")
	}
	const files, clients = 100, 80
	_, url := serveProcess(t, shell, "-c", fmt.Sprintf(`ulimit -n %d && exec "$0" "$@"`, files), program, "serve", "--connects-per-address", "100")
	for range clients {
		silent(t, url)
	}
	for path, want := range map[string]int{"/healthz": http.StatusOK, "/readyz": http.StatusServiceUnavailable} {
		response, err := http.Get(url + path)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if response.StatusCode != want || want != http.StatusOK && response.Header.Get("Retry-After") == "" {
			t.Errorf("%s: %s, %v", path, response.Status, response.Header)
		}
	}
}

package main

import (
	"crypto/tls"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// natsUser may do what HOSTING.md gives a node of this name.
func natsUser(node string) *server.User {
	publish := []string{"pn.*.*." + node + ".*", "$KV.pn-rooms.>", "$KV.pn-nodes." + node, "$JS.API.INFO"}
	for _, bucket := range []string{"KV_pn-rooms", "KV_pn-nodes"} {
		publish = append(publish, "$JS.API.STREAM.INFO."+bucket, "$JS.API.STREAM.CREATE."+bucket,
			"$JS.API.STREAM.MSG.GET."+bucket, "$JS.API.DIRECT.GET."+bucket+".>")
	}
	return &server.User{Username: node, Password: "secret", Permissions: &server.Permissions{
		Publish:   &server.SubjectPermission{Allow: publish},
		Subscribe: &server.SubjectPermission{Allow: []string{"pn." + node + ".*.*.*", "_INBOX.>"}},
	}}
}

// Two servers serve one room over NATS with TLS, each with no more rights than it needs,
// say how they are doing, and take no clients while NATS is away.
func TestCluster(t *testing.T) {
	dir := t.TempDir()
	cert, key, secret := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem"), filepath.Join(dir, "secret")
	writeCertificate(t, cert, key)
	write(t, secret, []byte("0123456789abcdef\n"))
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	nats, err := server.NewServer(&server.Options{
		Host: "127.0.0.1", Port: -1, NoSigs: true, NoLog: true, JetStream: true, StoreDir: dir,
		TLS: true, TLSConfig: &tls.Config{Certificates: []tls.Certificate{pair}}, TLSTimeout: patience.Seconds(),
		Users: []*server.User{natsUser("a"), natsUser("b")},
	})
	if err != nil {
		t.Fatal(err)
	}
	nats.Start()
	t.Cleanup(func() {
		nats.Shutdown()
		nats.WaitForShutdown()
	})
	if !nats.ReadyForConnections(patience) {
		t.Fatal("NATS does not start")
	}
	options := func(name string) []string {
		return []string{"--nats", "tls://" + name + ":secret@" + nats.Addr().String(), "--nats-ca", cert, "--node", name,
			"--cluster-secret-file", secret, "--internal-addr", "127.0.0.1:0"}
	}
	a, b := startServe(t, options("a")...), startServe(t, options("b")...)
	x := dial(t, a.url, "room=r")
	id := readFrame(t, x).Welcome.ID
	y := dial(t, b.url, "room=r")
	if w := readFrame(t, y).Welcome; w == nil || len(w.Peers) != 1 || w.Peers[0].ID != id {
		t.Fatalf("welcomed with %+v", w)
	}
	for s, lines := range map[*serving][]string{
		a: {`signal_cluster_connected 1`, `signal_cluster_ready 1`, `signal_cluster_links 1`, `signal_cluster_gaps_total 0`,
			`signal_cluster_rooms\{owner="here"\} 1`, `signal_cluster_clients\{kind="guest"\} 1`, `signal_cluster_lease_age_seconds [01]\.\d+`},
		b: {`signal_cluster_rooms\{owner="elsewhere"\} 1`, `signal_cluster_clients\{kind="seat"\} 1`, `signal_joins_total 1`},
	} {
		_, text := get(t, "http://"+s.logged(`internal=(\S+)`)+"/metrics")
		for _, line := range lines {
			if !regexp.MustCompile(`(?m)^` + line + `$`).MatchString(text) {
				t.Errorf("no %s in\n%s", line, text)
			}
		}
	}
	third := startCommand(t, append([]string{"serve", "--addr", "127.0.0.1:0"}, options("a")...)...)
	err = <-third.done
	third.done <- err
	if err == nil || !strings.Contains(err.Error(), "another node has this name: a (choose another with --node)") {
		t.Errorf("the same name: %v", err)
	}
	if strings.Contains(a.log.String()+b.log.String(), "secret@") {
		t.Error("the password is in the log")
	}

	if status, _ := get(t, b.url+"/readyz?join"); status != http.StatusOK {
		t.Errorf("not ready: %d", status)
	}
	nats.Shutdown()
	a.logged(`NATS is away`)
	b.logged(`NATS is away`)
	for url, want := range map[string]int{
		b.url + "/readyz": http.StatusServiceUnavailable, b.url + "/readyz?join&room=new": http.StatusServiceUnavailable,
		b.url + "/healthz": http.StatusOK, a.url + "/readyz?join&room=r": http.StatusOK, // it lives there
	} {
		if status, text := get(t, url); status != want {
			t.Errorf("%s: %d %s", url, status, text)
		}
	}
	x.Close()
	y.Close()
	start := time.Now()
	for _, s := range []*serving{a, b} {
		if err := s.end(); err != nil {
			t.Error(err)
		}
	}
	if took := time.Since(start); took > shutdownTimeout {
		t.Errorf("ended after %v", took)
	}
}

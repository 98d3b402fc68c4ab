package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"perfect-negotiation/server/certs"
)

// writeCertificate writes a certificate for 127.0.0.1 and its key, and returns its
// fingerprint.
func writeCertificate(t *testing.T, certFile, keyFile string) string {
	t.Helper()
	key := newKey(t)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()),
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(time.Hour),
		IPAddresses:  []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	cert := sign(t, template, template, key.Public(), key)
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	write(t, certFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert}))
	write(t, keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}))
	pair, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil {
		t.Fatal(err)
	}
	return certs.Fingerprint(pair)
}

func write(t *testing.T, name string, content []byte) {
	t.Helper()
	if err := os.WriteFile(name, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

// presented returns the fingerprint of the certificate that a server presents.
func presented(t *testing.T, url string) string {
	t.Helper()
	conn, err := tls.Dial("tcp", strings.TrimPrefix(url, "https://"), &tls.Config{InsecureSkipVerify: true})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	return certs.Fingerprint(tls.Certificate{Leaf: conn.ConnectionState().PeerCertificates[0]})
}

// browser returns a client that trusts these certificates, follows no redirect and
// finds every host at an address, unless that is empty.
func browser(roots *x509.CertPool, address string) *http.Client {
	return &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			TLSClientConfig:   &tls.Config{RootCAs: roots},
			DisableKeepAlives: true,
			ForceAttemptHTTP2: true,
			DialContext: func(ctx context.Context, network, to string) (net.Conn, error) {
				if address != "" {
					to = address
				}
				return new(net.Dialer).DialContext(ctx, network, to)
			},
		},
	}
}

func roots(t *testing.T, file string) *x509.CertPool {
	t.Helper()
	content, err := os.ReadFile(file)
	pool := x509.NewCertPool()
	if err != nil || !pool.AppendCertsFromPEM(content) {
		t.Fatalf("%s: %v", file, err)
	}
	return pool
}

// head returns the response to a request, without its body.
func head(t *testing.T, client *http.Client, url string) *http.Response {
	t.Helper()
	response, err := client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, response.Body)
	_ = response.Body.Close()
	return response
}

// A server with a certificate serves https, and presents the next one as soon as it is
// there. What cannot be used does not count.
func TestTLSFiles(t *testing.T) {
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "cert"), filepath.Join(dir, "key")
	first := writeCertificate(t, cert, key)
	s := startServe(t, "--tls-cert", cert, "--tls-key", key)
	if !strings.HasPrefix(s.url, "https://") {
		t.Fatalf("the page is at %s", s.url)
	}
	client := browser(roots(t, cert), "")
	if r := head(t, client, s.url+"/healthz"); r.StatusCode != http.StatusOK || r.Header.Get("Strict-Transport-Security") != "" {
		t.Errorf("it answers with %+v", r)
	}
	if got := presented(t, s.url); got != first {
		t.Errorf("it presents %s, not %s", got, first)
	}
	next := writeCertificate(t, cert, key)
	deadline := time.Now().Add(patience)
	for presented(t, s.url) != next {
		if time.Now().After(deadline) {
			t.Fatal("the next certificate is not presented")
		}
	}
	s.logged(`certificate.*fingerprint=` + next)
	write(t, cert, []byte("half a cert"))
	for !strings.Contains(s.log.String(), "the old one is") {
		if got := presented(t, s.url); got != next {
			t.Fatalf("it presents %s", got)
		}
		if time.Now().After(deadline) {
			t.Fatal("it does not say that the file cannot be used")
		}
	}
	for range 3 {
		presented(t, s.url)
	}
	if n := strings.Count(s.log.String(), "the old one is"); n != 1 {
		t.Errorf("it says so %d times", n)
	}
	last := writeCertificate(t, cert, key)
	for presented(t, s.url) != last {
		if time.Now().After(deadline) {
			t.Fatal("it does not take a certificate after one that it could not use")
		}
	}
}

// Plain HTTP is sent on to https, with the headers of the page; HSTS is for https alone.
func TestRedirect(t *testing.T) {
	dir := t.TempDir()
	s := startServe(t, "--tls-self-signed", "--tls-dir", dir, "--redirect-addr", "127.0.0.1:0", "--hsts", "24h")
	client := browser(roots(t, filepath.Join(dir, certs.SelfSignedFile)), "")
	plain := "http://" + s.logged(`redirect=(\S+)`)
	response := head(t, client, plain+"/r/a%2Fb?c=d")
	if got, want := response.Header.Get("Location"), s.url+"/r/a%2Fb?c=d"; response.StatusCode != http.StatusTemporaryRedirect || got != want {
		t.Errorf("it is sent on to %s with %s, not to %s", got, response.Status, want)
	}
	for url, strict := range map[string]string{plain + "/": "", s.url + "/": "max-age=86400", s.url + "/nowhere": "max-age=86400", s.url + "//polite": "max-age=86400"} {
		h := head(t, client, url).Header
		if got := h.Get("Strict-Transport-Security"); got != strict {
			t.Errorf("%s: HSTS is %q", url, got)
		}
		if policy := h.Get("Content-Security-Policy"); !strings.Contains(policy, "require-trusted-types-for 'script'; trusted-types 'none'") {
			t.Errorf("%s: the policy is %q", url, policy)
		}
	}
	// To the usual port.
	_, port, _ := net.SplitHostPort(strings.TrimPrefix(plain, "http://"))
	if got := head(t, browser(nil, "127.0.0.1:"+port), "http://relay.example/polite").Header.Get("Location"); got != "https://relay.example/polite" {
		t.Errorf("from the usual port it is sent on to %s", got)
	}
}

// Who has too many connections to where plain HTTP is sent on has none to the page.
func TestRedirectIsCounted(t *testing.T) {
	s := startServe(t, "--tls-self-signed", "--tls-dir", t.TempDir(), "--redirect-addr", "127.0.0.1:0", "--connections-per-address", "2")
	plain := "http://" + s.logged(`redirect=(\S+)`)
	for range 2 {
		conn := sends(t, plain, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
		if _, err := http.ReadResponse(bufio.NewReader(conn), nil); err != nil {
			t.Fatal(err)
		}
	}
	conn := sends(t, s.url, "")
	_ = conn.SetDeadline(time.Now().Add(5 * time.Second)) // a handshake has 10 s
	if _, err := conn.Read(make([]byte, 1)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("a third connection ends with %v", err)
	}
}

// A self-signed certificate stays what it is, and native peers that trust it get in.
func TestSelfSigned(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new")
	first := startServe(t, "--tls-self-signed", "--tls-dir", dir)
	fingerprint := first.logged(`fingerprint=(\S+)`)
	if err := first.end(); err != nil {
		t.Error(err)
	}
	s := startServe(t, "--tls-self-signed", "--tls-dir", dir)
	if again := s.logged(`fingerprint=(\S+)`); again != fingerprint || presented(t, s.url) != fingerprint {
		t.Errorf("it presents %s, says %s, and before said %s", presented(t, s.url), again, fingerprint)
	}
	if info, err := os.Stat(filepath.Join(dir, "self-signed.key")); err != nil || info.Mode().Perm() != 0o600 && runtime.GOOS != "windows" {
		t.Errorf("the key: %v, %v", info, err)
	}
	for _, row := range []struct {
		options []string
		says    string
	}{
		{nil, "x509: "},
		{[]string{"--tls-ca", filepath.Join(dir, certs.SelfSignedFile)}, "Joined room 'lan'"},
	} {
		peer := startCommand(t, append([]string{"peer", "--server", s.url, "--room", "lan"}, row.options...)...)
		peer.logged(row.says)
		if err := peer.end(); err != nil {
			t.Error(err)
		}
	}
	write(t, filepath.Join(dir, certs.SelfSignedFile), []byte("broken"))
	root := command()
	if err := root.Run(t.Context(), []string{"server", "serve", "--tls-self-signed", "--tls-dir", dir}); err == nil || !strings.Contains(err.Error(), "makes a new one") {
		t.Errorf("with a broken file it ends with %v", err)
	}
}

// A certificate is fetched for the first client, kept, and for no other host.
func TestAutocert(t *testing.T) {
	a := newAuthority(t)
	dir := t.TempDir()
	options := []string{"--autocert", "relay.test", "--autocert", "other.test", "--autocert-directory", a.http.URL, "--tls-dir", dir}
	pool := x509.NewCertPool()
	pool.AddCert(a.root)
	for range 2 {
		s := startServe(t, options...)
		address := strings.TrimPrefix(s.url, "https://")
		a.checksAt(address, false)
		client := browser(pool, address)
		for range 2 {
			if r := head(t, client, "https://relay.test/healthz"); r.StatusCode != http.StatusOK {
				t.Errorf("it answers with %s", r.Status)
			}
		}
		if _, err := client.Get("https://stranger.test/"); err == nil {
			t.Error("it has a certificate for a stranger")
		}
		if err := s.end(); err != nil {
			t.Error(err)
		}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.issued != 1 {
		t.Errorf("%d certificates were issued", a.issued)
	}
}

// Where plain HTTP is sent on, an authority that checks there is answered.
func TestAutocertOverPlainHTTP(t *testing.T) {
	a := newAuthority(t)
	s := startServe(t, "--autocert", "relay.test", "--autocert-directory", a.http.URL, "--tls-dir", t.TempDir(), "--redirect-addr", "127.0.0.1:0")
	a.checksAt(s.logged(`redirect=(\S+)`), true)
	pool := x509.NewCertPool()
	pool.AddCert(a.root)
	client := browser(pool, strings.TrimPrefix(s.url, "https://"))
	if r := head(t, client, "https://relay.test/healthz"); r.StatusCode != http.StatusOK {
		t.Errorf("it answers with %s", r.Status)
	}
	if r := head(t, browser(nil, s.logged(`redirect=(\S+)`)), "http://relay.test/.well-known/acme-challenge/other"); r.StatusCode != http.StatusNotFound {
		t.Errorf("another challenge is answered with %s", r.Status)
	}
}

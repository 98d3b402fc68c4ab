package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"
)

// authority issues certificates as RFC 8555 has it, to whoever answers a challenge at an
// address that the test gives: one of RFC 8737, or of RFC 8555, section 8.3. It trusts
// signatures of requests: they are the business of the library that makes them.
type authority struct {
	t    *testing.T
	http *httptest.Server
	key  *ecdsa.PrivateKey
	root *x509.Certificate

	mu         sync.Mutex
	checks     string // address that is taken for port 443 of every host, or for 80
	plain      bool   // it is for 80
	thumbprint string // of the account's key
	host       string // of the order
	valid      bool   // the challenge was answered
	chain      []byte // PEM
	issued     int
}

const acmeToken = "a-token-that-is-long-enough"

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{t: t, key: newKey(t)}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{CommonName: "authority"},
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(time.Hour),
		KeyUsage:     x509.KeyUsageCertSign,
		IsCA:         true, BasicConstraintsValid: true,
	}
	der := sign(t, template, template, a.key.Public(), a.key)
	var err error
	if a.root, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	a.http = httptest.NewServer(a)
	t.Cleanup(a.http.Close)
	return a
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func sign(t *testing.T, template, parent *x509.Certificate, public any, key *ecdsa.PrivateKey) []byte {
	t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, template, parent, public, key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// checksAt says where the hosts of orders are, and whether that is plain HTTP.
func (a *authority) checksAt(address string, plain bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.checks, a.plain = address, plain
}

func (a *authority) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	base := "http://" + r.Host
	w.Header().Set("Replay-Nonce", rand.Text())
	if r.Method != http.MethodPost { // the directory, or a nonce
		answer(w, http.StatusOK, map[string]string{
			"newNonce": base + "/nonce", "newAccount": base + "/account", "newOrder": base + "/order",
		})
		return
	}
	protected, payload, err := request(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.Header().Set("Location", base+r.URL.Path+"/1")
	switch r.URL.Path {
	case "/account":
		key := protected.JWK // RFC 7638
		a.thumbprint = encoded(fmt.Appendf(nil, `{"crv":%q,"kty":%q,"x":%q,"y":%q}`, key.Crv, key.Kty, key.X, key.Y))
		answer(w, http.StatusCreated, map[string]string{"status": "valid"})
	case "/order":
		a.host, a.valid, a.chain = payload.Identifiers[0].Value, false, nil
		answer(w, http.StatusCreated, a.order(base))
	case "/order/1":
		answer(w, http.StatusOK, a.order(base))
	case "/challenge":
		check := a.check
		if a.plain {
			check = a.checkPlain
		}
		if err := check(); err != nil {
			a.t.Error(err)
		}
		a.valid = true
		answer(w, http.StatusOK, a.challenge(base))
	case "/authorization":
		answer(w, http.StatusOK, map[string]any{
			"status": a.status("valid"), "identifier": a.identifier(), "challenges": []any{a.challenge(base)},
		})
	case "/finalize":
		if err := a.issue(payload.CSR); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		w.Header().Set("Location", base+"/order/1")
		answer(w, http.StatusOK, a.order(base))
	case "/certificate":
		w.Header().Set("Content-Type", "application/pem-certificate-chain")
		_, _ = w.Write(a.chain)
	default:
		http.NotFound(w, r)
	}
}

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

type acmeHeader struct {
	JWK struct{ Crv, Kty, X, Y string }
}

type acmePayload struct {
	Identifiers []struct{ Value string }
	CSR         string
}

// request reads a request (RFC 7515, section 7.2.2).
func request(r *http.Request) (protected acmeHeader, payload acmePayload, err error) {
	var jws struct{ Protected, Payload string }
	if err := json.NewDecoder(r.Body).Decode(&jws); err != nil {
		return protected, payload, err
	}
	for text, v := range map[string]any{jws.Protected: &protected, jws.Payload: &payload} {
		if text == "" {
			continue // it only asks
		}
		b, err := base64.RawURLEncoding.DecodeString(text)
		if err != nil {
			return protected, payload, err
		}
		if err := json.Unmarshal(b, v); err != nil {
			return protected, payload, err
		}
	}
	return protected, payload, nil
}

func encoded(text []byte) string {
	sum := sha256.Sum256(text)
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

func (a *authority) identifier() map[string]string {
	return map[string]string{"type": "dns", "value": a.host}
}

func (a *authority) status(after string) string {
	if a.valid {
		return after
	}
	return "pending"
}

func (a *authority) challenge(base string) map[string]string {
	kind := "tls-alpn-01"
	if a.plain {
		kind = "http-01"
	}
	return map[string]string{"type": kind, "url": base + "/challenge", "token": acmeToken, "status": a.status("valid")}
}

func (a *authority) order(base string) map[string]any {
	order := map[string]any{
		"status": a.status("ready"), "identifiers": []any{a.identifier()},
		"authorizations": []string{base + "/authorization"}, "finalize": base + "/finalize",
	}
	if a.chain != nil {
		order["status"], order["certificate"] = "valid", base+"/certificate"
	}
	return order
}

// check looks whether the server of the host knows the account's key (RFC 8737, section
// 3).
func (a *authority) check() error {
	conn, err := tls.Dial("tcp", a.checks, &tls.Config{ServerName: a.host, NextProtos: []string{"acme-tls/1"}, InsecureSkipVerify: true})
	if err != nil {
		return fmt.Errorf("check: %w", err)
	}
	defer conn.Close()
	sum := sha256.Sum256([]byte(acmeToken + "." + a.thumbprint))
	want, err := asn1.Marshal(sum[:])
	if err != nil {
		return err
	}
	for _, extension := range conn.ConnectionState().PeerCertificates[0].Extensions {
		if extension.Id.String() == "1.3.6.1.5.5.7.1.31" && bytes.Equal(extension.Value, want) {
			return nil
		}
	}
	return fmt.Errorf("check: the server of %s does not know the account", a.host)
}

// checkPlain does the same over plain HTTP (RFC 8555, section 8.3).
func (a *authority) checkPlain() error {
	request, err := http.NewRequest(http.MethodGet, "http://"+a.checks+"/.well-known/acme-challenge/"+acmeToken, nil)
	if err != nil {
		return err
	}
	request.Host = a.host
	response, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(request)
	if err != nil {
		return fmt.Errorf("check: %w", err)
	}
	defer response.Body.Close()
	if text, err := io.ReadAll(response.Body); err != nil || string(text) != acmeToken+"."+a.thumbprint {
		return fmt.Errorf("check: the server of %s answers %s %q, %v", a.host, response.Status, text, err)
	}
	return nil
}

func (a *authority) issue(request string) error {
	der, err := base64.RawURLEncoding.DecodeString(request)
	if err != nil {
		return err
	}
	csr, err := x509.ParseCertificateRequest(der)
	if err != nil {
		return err
	}
	if !a.valid || len(csr.DNSNames) != 1 || csr.DNSNames[0] != a.host {
		return fmt.Errorf("%v was not ordered, or not checked", csr.DNSNames)
	}
	leaf := sign(a.t, &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()),
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(90 * 24 * time.Hour),
		DNSNames:     csr.DNSNames,
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}, a.root, csr.PublicKey, a.key)
	a.chain = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: leaf})
	a.issued++
	return nil
}

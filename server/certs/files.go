package certs

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"
)

// readAgain is how long what was read of the files counts as new.
const readAgain = time.Second

// Files are a certificate and its key in files, which may change while the server runs.
// They are looked at when a client comes, at most once a second.
type Files struct {
	cert, key string // paths
	log       *slog.Logger

	mu              sync.Mutex
	at              time.Time // of the last look
	certPEM, keyPEM []byte
	current         *tls.Certificate
	problem         string // that was logged last
}

// Load reads a certificate chain and its private key, in PEM.
func Load(cert, key string, log *slog.Logger) (*Files, error) {
	f := &Files{cert: cert, key: key, log: log, at: time.Now()}
	if err := f.read(); err != nil {
		return nil, err
	}
	return f, nil
}

// Certificate returns the certificate. If the files have changed and cannot be used, as
// while they are being written, it stays the one before, and the log says why.
func (f *Files) Certificate(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if time.Since(f.at) < readAgain {
		return f.current, nil
	}
	f.at = time.Now()
	problem := ""
	if err := f.read(); err != nil {
		problem = err.Error()
	}
	if problem != "" && problem != f.problem {
		f.log.Error("the new certificate cannot be used; the old one is", "error", problem)
	}
	f.problem = problem
	return f.current, nil
}

// read takes over what the files have, if that is new.
func (f *Files) read() error {
	cert, err := os.ReadFile(f.cert)
	if err != nil {
		return fmt.Errorf("read the certificate: %w", err)
	}
	key, err := os.ReadFile(f.key)
	if err != nil {
		return fmt.Errorf("read its key: %w", err)
	}
	if bytes.Equal(cert, f.certPEM) && bytes.Equal(key, f.keyPEM) {
		return nil
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return fmt.Errorf("read the certificate in %s with the key in %s: %w", f.cert, f.key, err)
	}
	f.certPEM, f.keyPEM, f.current = cert, key, &pair
	level := slog.LevelInfo
	if time.Now().After(pair.Leaf.NotAfter) {
		level = slog.LevelWarn
	}
	f.log.Log(context.Background(), level, "certificate", "names", Names(pair), "until", pair.Leaf.NotAfter.Format(time.DateOnly), "fingerprint", Fingerprint(pair))
	return nil
}

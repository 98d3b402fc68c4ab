package certs

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// The files of a self-signed certificate and of its key.
const (
	SelfSignedFile = "self-signed.crt"
	selfSignedKey  = "self-signed.key"
)

const (
	selfSignedFor = 2 * 365 * 24 * time.Hour
	renewBefore   = 30 * 24 * time.Hour
)

// SelfSigned returns the self-signed certificate in a directory, and makes one if there
// is none or it soon ends. It names this machine, and its addresses as they are then.
func SelfSigned(dir string) (tls.Certificate, error) {
	certFile, keyFile := filepath.Join(dir, SelfSignedFile), filepath.Join(dir, selfSignedKey)
	pair, err := tls.LoadX509KeyPair(certFile, keyFile)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return tls.Certificate{}, fmt.Errorf("read the self-signed certificate in %s: %w; if both of its files are deleted, the server makes a new one", dir, err)
	case time.Until(pair.Leaf.NotAfter) > renewBefore:
		return pair, nil
	}
	cert, key, err := selfSign(time.Now())
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("make a self-signed certificate: %w", err)
	}
	err = errors.Join(replace(keyFile, "PRIVATE KEY", key, 0o600), replace(certFile, "CERTIFICATE", cert, 0o644))
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("keep the self-signed certificate: %w", err)
	}
	return tls.LoadX509KeyPair(certFile, keyFile)
}

// selfSign returns a certificate and its key, in DER.
func selfSign(now time.Time) (cert, key []byte, err error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, nil, err
	}
	template := &x509.Certificate{
		SerialNumber: serial,
		NotBefore:    now.Add(-time.Hour), // clocks differ
		NotAfter:     now.Add(selfSignedFor),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		DNSNames:     []string{"localhost"},

		BasicConstraintsValid: true,
	}
	name, err := os.Hostname()
	if err == nil && name != "localhost" {
		template.DNSNames = append(template.DNSNames, name)
		if !strings.Contains(name, ".") {
			template.DNSNames = append(template.DNSNames, name+".local")
		}
	}
	template.Subject = pkix.Name{CommonName: "perfect-negotiation " + name}
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		return nil, nil, err
	}
	for _, address := range addresses {
		if network, ok := address.(*net.IPNet); ok && !network.IP.IsLinkLocalUnicast() {
			template.IPAddresses = append(template.IPAddresses, network.IP)
		}
	}
	if cert, err = x509.CreateCertificate(rand.Reader, template, template, private.Public(), private); err != nil {
		return nil, nil, err
	}
	key, err = x509.MarshalPKCS8PrivateKey(private)
	return cert, key, err
}

// replace writes a file in PEM, which is there as a whole or not at all.
func replace(name, kind string, der []byte, mode os.FileMode) error {
	fresh := name + ".new"
	if err := os.WriteFile(fresh, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), mode); err != nil {
		return err
	}
	return os.Rename(fresh, name)
}

// Fingerprint returns the SHA-256 of a certificate, as browsers show it.
func Fingerprint(c tls.Certificate) string {
	sum := sha256.Sum256(c.Leaf.Raw)
	return strings.ReplaceAll(fmt.Sprintf("% X", sum[:]), " ", ":")
}

// Names returns the hosts that a certificate is for.
func Names(c tls.Certificate) string {
	names := c.Leaf.DNSNames
	for _, address := range c.Leaf.IPAddresses {
		names = append(names[:len(names):len(names)], address.String())
	}
	return strings.Join(names, " ")
}

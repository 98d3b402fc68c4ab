//go:build !js

// Package trust says whose certificates a native peer accepts.
package trust

import (
	"crypto/x509"
	"errors"
)

// Pool returns the authorities of the system with those in ca, in PEM; nil, which stands
// for the former, if ca is nil.
func Pool(ca []byte) (*x509.CertPool, error) {
	if ca == nil {
		return nil, nil
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool() // the system has none
	}
	if !pool.AppendCertsFromPEM(ca) {
		return nil, errors.New("there is no certificate in CA")
	}
	return pool, nil
}

package main

import (
	"crypto/x509"
	"fmt"
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"go.uber.org/goleak"
)

// TestMain has the scripts run this program as the command server, and others below.
func TestMain(m *testing.M) {
	testscript.Main(leakChecked{m}, map[string]func(){"server": main, "authorities": authorities})
}

// authorities fails if the program trusts nobody.
func authorities() {
	if pool, err := x509.SystemCertPool(); err != nil || pool.Equal(x509.NewCertPool()) {
		fmt.Fprintln(os.Stderr, "there are no certificate authorities:", err)
		os.Exit(1)
	}
}

// leakChecked are the tests that must leave no goroutine.
type leakChecked struct{ *testing.M }

func (m leakChecked) Run() int {
	code := m.M.Run()
	if err := goleak.Find(); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	return code
}

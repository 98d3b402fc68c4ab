package main

import (
	"fmt"
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"go.uber.org/goleak"
)

// TestMain has the scripts run this program as the command server.
func TestMain(m *testing.M) {
	testscript.Main(leakChecked{m}, map[string]func(){"server": main})
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

//go:build !js

package sse

import (
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The same client passes the same test in a tab of a browser.
func TestInBrowser(t *testing.T) {
	if os.Getenv("PN_BROWSER") == "" {
		t.Skip("needs a browser: make test-browser")
	}
	server := httptest.NewServer(&Server{Origin: "*"})
	defer server.Close()
	program := filepath.Join(t.TempDir(), "sse.test")
	build := exec.Command("go", "test", "-c", "-vet=off", "-o", program, ".")
	build.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	tools, err := filepath.Abs("../../../.ci")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "go", "tool", "wasmbrowsertest", program, "-test.v", "-test.run", "^TestInTab$", "-server", server.URL)
	cmd.Env = append(os.Environ(), "PATH="+tools+":"+os.Getenv("PATH"))
	out, err := cmd.CombinedOutput()
	server.CloseClientConnections()
	if err != nil || !strings.Contains(string(out), "--- PASS: TestInTab") {
		t.Errorf("%v\n%s", err, out)
	}
}

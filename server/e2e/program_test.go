package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// compiled is where the program is, which is compiled once for all tests.
var compiled struct {
	once sync.Once
	dir  string
	err  error
}

// program returns the path of the program. It looks for data races if the tests do;
// else it is as it is shipped.
func program(t *testing.T) string {
	t.Helper()
	c := &compiled
	c.once.Do(func() {
		if c.dir, c.err = os.MkdirTemp("", "pn-server-"); c.err != nil {
			return
		}
		if c.err = readSources(); c.err != nil {
			return
		}
		build := []string{"build", "-o", filepath.Join(c.dir, "server")}
		if raceEnabled {
			build = append(build, "-race")
		}
		if out, err := exec.Command("go", append(build, "..")...).CombinedOutput(); err != nil {
			c.err = fmt.Errorf("%w\n%s", err, out)
		}
	})
	if c.err != nil {
		t.Fatal(c.err)
	}
	return filepath.Join(c.dir, "server")
}

// readSources looks at the directories of all packages of ours that the program is made
// of: go test takes a result from its cache while what a test has read is as it was, and
// does not know what is compiled.
func readSources() error {
	out, err := exec.Command("go", "list", "-deps", "-f", "{{with .Module}}{{if .Main}}{{$.Dir}}{{end}}{{end}}", "..").Output()
	if err != nil {
		return fmt.Errorf("go list: %w", err)
	}
	for dir := range strings.Lines(string(out)) {
		if _, err := os.ReadDir(strings.TrimSpace(dir)); err != nil {
			return err
		}
	}
	return nil
}

// removeProgram is for the end of all tests.
func removeProgram() {
	if compiled.dir != "" {
		_ = os.RemoveAll(compiled.dir)
	}
}

package cluster_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// mutants are the sources, each broken on purpose in one place. The hammer must notice.
var mutants = []struct{ name, file, old, new string }{
	{"whatever its number", "link.go", "case h.number == next:", "case true:"},
	{"gaps do not matter", "link.go", "case h.number == next:", "case h.number >= next:"},
}

// TestMutants compiles this test with each mutant instead of a source, which only the
// compiler sees, and strikes it.
func TestMutants(t *testing.T) {
	if testing.Short() {
		t.Skip("it compiles the package for each mutant")
	}
	for _, m := range mutants {
		t.Run(strings.ReplaceAll(m.name, " ", "_"), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			file, err := filepath.Abs(m.file)
			if err != nil {
				t.Fatal(err)
			}
			source, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if strings.Count(string(source), m.old) != 1 {
				t.Fatalf("%s does not have %q once", m.file, m.old)
			}
			mutant := filepath.Join(dir, m.file)
			list, err := json.Marshal(map[string]any{"Replace": map[string]string{file: mutant}})
			if err != nil {
				t.Fatal(err)
			}
			overlay, program := filepath.Join(dir, "overlay.json"), filepath.Join(dir, "hammer")
			for name, text := range map[string][]byte{mutant: []byte(strings.Replace(string(source), m.old, m.new, 1)), overlay: list} {
				if err := os.WriteFile(name, text, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			build := exec.CommandContext(t.Context(), "go", "test", "-c", "-vet=off", "-ldflags=-s -w", "-overlay", overlay, "-o", program, ".")
			if out, err := build.CombinedOutput(); err != nil {
				t.Fatalf("does not compile: %v\n%s", err, out)
			}
			strike := exec.CommandContext(t.Context(), program, "-test.run", "^TestHammer$", "-test.timeout", "1m")
			strike.Env = append(os.Environ(), "HAMMER_TIME=20s")
			out, err := strike.CombinedOutput()
			if err == nil {
				t.Fatal("the hammer did not notice")
			}
			for _, sign := range []string{"misses a message", "has message", "was told", "sees a role twice", "who is not there", "sees map"} {
				if _, after, found := strings.Cut(string(out), sign); found {
					line, _, _ := strings.Cut(after, "\n")
					t.Logf("noticed: %s%s", sign, line)
					return
				}
			}
			t.Fatalf("it ended otherwise than with what is wrong: %v\n%s", err, out)
		})
	}
}

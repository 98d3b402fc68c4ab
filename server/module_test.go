package main

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Whoever hosts the module gives it another name. All of it builds then, and the digest of
// the sources is the same.
func TestModule(t *testing.T) {
	t.Parallel()
	const name = "example.org/you/negotiation"
	dir := t.TempDir()
	copySources(t, "..", dir)
	run := func(command string, args ...string) string {
		t.Helper()
		cmd := exec.Command(command, args...)
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s %s: %v\n%.2000s", command, strings.Join(args, " "), err, out)
		}
		return strings.TrimSpace(string(out))
	}
	before := run("go", "list", "-m")
	run("make", "module", "MODULE="+name)
	if got := run("go", "list", "-m"); got != name {
		t.Errorf("the module is %s", got)
	}
	if left := run("sh", "-c", `grep -rlE '(^|[^A-Za-z0-9._/-])`+before+`/(negotiation|server|wasm|web)' --include=*.go --include=*.md . || true`); left != "" {
		t.Errorf("these have the former name:\n%s", left)
	}
	if unformatted := run("gofmt", "-l", "."); unformatted != "" {
		t.Errorf("gofmt would change:\n%s", unformatted)
	}
	run("go", "build", "./...")
	run("go", "test", "-vet=off", "-run", "^TestSource$", "./negotiation")

	for _, bad := range []string{"", "negotiation", "example.org", "example.org/a b", "https://example.org/a", "example.org/../a"} {
		cmd := exec.Command("make", "module", "MODULE="+bad)
		cmd.Dir = dir
		if cmd.Run() == nil {
			t.Errorf("%q is taken for a name", bad)
		}
	}
}

// copySources copies a checkout, without what was built.
func copySources(t *testing.T, from, to string) {
	t.Helper()
	err := filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		switch {
		case entry.IsDir() && (name == ".git" || name == "bin" || strings.HasPrefix(name, filepath.Join("web", "dist")+string(filepath.Separator))):
			return fs.SkipDir
		case entry.IsDir():
			return os.MkdirAll(filepath.Join(to, name), 0o700)
		case !entry.Type().IsRegular() || name == ".git" || filepath.Dir(name) == filepath.Join("web", "dist") && entry.Name() != ".gitkeep":
			return nil
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, name), text, info.Mode())
	})
	if err != nil {
		t.Fatal(err)
	}
}

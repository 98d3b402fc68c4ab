package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// What is in deploy names files, addresses and variables that there are.
func TestDeploy(t *testing.T) {
	variables := map[string]bool{}
	for _, flag := range serveFlags() {
		if f, ok := flag.(interface{ GetEnvVars() []string }); ok {
			for _, name := range f.GetEnvVars() {
				variables[name] = true
			}
		}
	}
	for _, name := range []string{"perfect-negotiation.service", "Containerfile"} {
		text := readFile(t, filepath.Join("deploy", name))
		for _, variable := range regexp.MustCompile(`\bPN_\w+`).FindAllString(text, -1) {
			if !variables[variable] {
				t.Errorf("%s: serve knows no %s", name, variable)
			}
		}
	}
	if len(variables) < 20 {
		t.Errorf("serve has only the variables %v", variables)
	}
	hosting, makefile := readFile(t, "HOSTING.md"), readFile(t, "../Makefile")
	for name := range variables {
		if !strings.Contains(hosting, "`"+name+"`") && !slices.Contains(undocumented, name) {
			t.Errorf("HOSTING.md has no row for %s", name)
		}
	}
	for _, program := range regexp.MustCompile(`server-(linux-\w+)`).FindAllStringSubmatch(hosting, -1) {
		if !strings.Contains(makefile, program[1]) {
			t.Errorf("make dist builds no %s", program[0])
		}
	}
}

// undocumented are variables from before HOSTING.md had tables; --help tells of them.
var undocumented = []string{"PN_ADDR", "PN_ORIGIN"}

func readFile(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// systemd understands the unit.
func TestUnit(t *testing.T) {
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("systemd-analyze is not here")
	}
	unit := readFile(t, "deploy/perfect-negotiation.service")
	// It looks whether the program is there.
	installed := strings.ReplaceAll(unit, "/usr/local/bin/perfect-negotiation", "/bin/true")
	file := filepath.Join(t.TempDir(), "perfect-negotiation.service")
	if err := os.WriteFile(file, []byte(installed), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(analyze, "verify", "--man=no", file).CombinedOutput()
	for line := range strings.Lines(string(out)) {
		if strings.Contains(line, "perfect-negotiation.service") { // and not another unit of this machine
			t.Error(line)
		}
	}
	if err != nil && t.Failed() {
		t.Error(err)
	}
}

// The image can be built, and has the program alone.
func TestContainer(t *testing.T) {
	buildah, err := exec.LookPath("buildah")
	if err != nil {
		t.Skip("buildah is not here")
	}
	dir := t.TempDir()
	run := func(name string, arguments ...string) string {
		t.Helper()
		cmd := exec.Command(name, arguments...)
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s %s: %v\n%s", name, arguments, err, out)
		}
		return string(out)
	}
	run("go", "build", "-trimpath", "-o", filepath.Join(dir, "server-linux-"+runtime.GOARCH), ".")
	const image = "localhost/perfect-negotiation-test"
	run(buildah, "bud", "-f", "deploy/Containerfile", "--build-arg", "TARGETARCH="+runtime.GOARCH, "-t", image, dir)
	defer run(buildah, "rmi", image)
	inspected := run(buildah, "inspect", "--type", "image", image)
	for _, want := range []string{`"/server"`, `"65532:65532"`, `"PN_TLS_DIR=/data"`} {
		if !strings.Contains(inspected, want) {
			t.Errorf("the image has no %s:\n%s", want, inspected)
		}
	}
}

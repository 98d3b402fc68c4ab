//go:build !js

package negotiation

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
)

// mutants are the shipped sources, each broken on purpose in one place. The walk
// of the setting must notice it.
var mutants = []struct{ name, setting, file, old, new string }{
	{"no collision check", "echoes", "negotiation.go",
		"collision := n.pc.SignalingState() != webrtc.SignalingStateStable", "collision := 1 > 2"},
	{"no ignore", "echoes", "negotiation.go", "if collision && !n.polite {", "if collision && !n.polite && 1 > 2 {"},
	{"ignore also when polite", "echoes", "negotiation.go", "if collision && !n.polite {", "if collision {"},
	{"drop candidates always", "echoes", "negotiation.go", "switch err := n.pc.AddICECandidate(candidate); {", "switch err := error(nil); {"},
	{"drop candidates never", "restarts", "negotiation.go",
		"case n.ignoring, errors.Is(err, ErrUnknownUfrag), candidate == nil:", "case candidate == nil:"},
	{"both polite", "echoes", "negotiation.go", "polite: role == Polite, send: send", "polite: true, send: send"},
	{"both impolite", "echoes", "negotiation.go", "polite: role == Polite, send: send", "polite: false, send: send"},
	{"answer accepted in stable", "echoes", "negotiation.go",
		"case webrtc.SignalingStateHaveLocalOffer:", "case webrtc.SignalingStateHaveLocalOffer, webrtc.SignalingStateStable:"},
	{"request forgotten on rollback", "requests", "negotiation.go",
		"\t\tn.requested, n.requestOffered = n.requested || n.requestOffered, false\n\t\tn.tell(trace.Event{Kind: trace.CollisionRollback", "\t\tn.requestOffered = false\n\t\tn.tell(trace.Event{Kind: trace.CollisionRollback"},
	{"request not granted after answering", "requests", "negotiation.go", "n.deliver(m); err != nil {\n\t\treturn err\n\t}\n\treturn n.offerRequested()", "n.deliver(m); err != nil {\n\t\treturn err\n\t}\n\treturn nil"},
	{"request granted before there is anything", "requests", "negotiation.go", "if !n.requested || !n.begun ||", "if !n.requested ||"},
	{"answers without setting", "echoes", "negotiation.go", "err := n.pc.SetRemoteDescription(offer)", "err := error(nil)"},

	{"refused answer is the end of an offer", "refusals", "negotiation.go", "n.refused = true", ""},

	{"need not looked up on return to stable", "restarts", "loop.go",
		"case webrtc.SignalingStateStable:\n\t\ts.changed = true", "case webrtc.SignalingStateStable:"},
	{"no retry of an offer that failed", "faults", "loop.go", "s.retryIn = min(minRetry<<s.retries, maxRetry)", ""},

	{"need of a browser not remembered", "echoes", "internal/browser/hint.go", "h.Count.Add(1) }", "}"},
	{"need of a browser remembered once", "restarts", "internal/browser/hint.go", "h.Count.Add(1) }", "h.Count.Store(1) }"},
	{"need forgotten while the offer is pending", "restarts", "internal/held/held.go", "h.negotiated(offered, sections, satisfied)", "h.negotiated(offered, sections, h.pc.Wants())"},
	{"answer does not fulfil the need", "echoes", "internal/held/held.go", "wants := h.pc.Wants()\n\tanswer, err", "var wants []Want\n\tanswer, err"},

	{"channel offered once more", "echoes", "internal/held/held.go", "there := w.Kind == \"application\" && w.in(h.Sections)", "there := 1 > 2"},

	{"held offer kept after answering", "echoes", "internal/held/held.go", "h.Pending, h.Theirs, h.Spare = nil, nil, nil", "h.Theirs, h.Spare = nil, nil"},
	{"no re-offer after a withdrawn offer", "restarts", "internal/held/held.go", "return !w.in(sections)", "return 1 > 2"},
	{"restart request forgotten", "restarts", "internal/held/held.go", "if ufrag := offer.Ufrag(); h.Remote != nil && !slices.Contains(h.Remote, ufrag) && ufrag != \"\" {", "{"},
	{"restart request never fulfilled", "restarts", "internal/held/held.go", "if h.Pending != nil && h.Pending.Restarts {\n\t\th.Restart = h.Pending.Again\n\t}", ""},
	{"restart request of a pending restart forgotten", "again", "internal/held/held.go", "h.Restart = h.Pending.Again", "h.Restart = false"},
	{"offer committed at once when polite", "echoes", "internal/held/held.go", "if !h.Polite && h.pc.Commits(p.Sections) {", "if 1 < 2 {"},
	{"offer held when impolite, and forgotten", "echoes", "internal/held/held.go", "h.Pending = p\n", "if p.Set {\n\t\th.Pending = p\n\t}\n"},
	{"direction as pion answers", "changes", "internal/held/held.go", "d.LimitDirections(h.Theirs)\n", "\n"},
	{"mids of dropped offers", "restarts", "internal/held/held.go", "if err := h.pc.NameSections(); err != nil {", "if err := error(nil); err != nil {"},
	{"candidates of any generation", "restarts", "internal/held/candidates.go", "if !slices.Contains(h.Remote, ufrag) {", "if ufrag == \"none\" {"},

	{"no duplicate handling in the link", "repeats", "signaling/link/link.go", "case f.Seq <= e.got:", "case f.Seq == 0:"},
	{"no retransmission", "cuts", "signaling/link/link.go", "\te.sent = 0\n", ""},
	{"no session check", "crashes", "signaling/link/link.go", "case f.Session != e.theirs:", "case e.theirs == \"\":"},
	{"answers what was meant for an ended session", "late", "signaling/link/link.go", "case f.PeerSession != \"\" && f.PeerSession != e.ours:\n\t\treturn Outcome{Dropped: Stale}", "case f.PeerSession != \"\" && f.PeerSession != e.ours:\n\t\te.meet(f.Session)\n\t\treturn Outcome{Dropped: Stale}"},
	{"acks before delivery", "losses", "signaling/link/link.go", "return false, Gap", "e.got = f.Seq\n\t\treturn false, Gap"},
	{"delivers what is not due", "losses", "signaling/link/link.go", "return false, Gap", "return true, Gap"},
	{"acks a repeated message no more", "cuts", "signaling/link/link.go", "e.owe, e.now = true, true // the", "// the"},
	{"binds whoever greets", "late", "signaling/link/link.go", "case f.Session != e.theirs:\n\t\te.meet(f.Session)\n\t\treturn Outcome{}", "case f.Session != e.theirs:\n\t\te.meet(f.Session)\n\t\te.bind(f.Session)\n\t\to.Bound = true"},
	{"binds one session to two", "crashes", "signaling/link/link.go", "e.ours, e.theirs, e.next = e.next, session, \"\"", "e.ours, e.theirs = e.next, session"},
	{"does not greet again", "cuts", "signaling/link/link.go", "e.greet = e.theirs == \"\"", ""},
	{"does not say again that it is bound", "cuts", "signaling/link/link.go", "e.now = e.now || !e.sure && e.theirs != \"\"", ""},
	{"answers no greeting of its partner", "cuts", "signaling/link/link.go", "e.now = e.now || f.Hello\n", ""},
	{"keeps the messages of an ended binding", "crashes", "signaling/link/link.go", "e.acked, e.waiting, e.sent, e.got = 0, nil, 0, 0", "e.acked, e.sent, e.got = 0, 0, 0"},
}

// TestMutants compiles this test with all mutants beside the sources, which only
// the compiler sees, and has each of them walk the setting in which it shows.
func TestMutants(t *testing.T) {
	if testing.Short() || RaceEnabled {
		t.Skip("compiles the package, and walks for each mutant")
	}
	program := mutated(t)
	var killed atomic.Int32
	t.Cleanup(func() {
		n := int(killed.Load())
		report(t, n < len(mutants), "mutants killed %d/%d", n, len(mutants))
	})
	for _, m := range mutants {
		t.Run(strings.ReplaceAll(m.name, " ", "_"), func(t *testing.T) {
			t.Parallel()
			walk := exec.CommandContext(t.Context(), program, "-test.run", "^TestExplore$/^"+m.setting+"$", "-explore", "first", "-test.timeout", "2m")
			walk.Env = append(os.Environ(), "MUTANT="+m.name)
			out, err := walk.CombinedOutput()
			if err == nil {
				t.Fatal("the walk did not notice")
			}
			for line := range strings.Lines(string(out)) {
				if text, found := strings.CutPrefix(strings.TrimSpace(line), "✗ "); found {
					killed.Add(1)
					t.Logf("killed: %s", text)
					return
				}
			}
			t.Fatalf("it ended otherwise than with a violation: %v\n%s", err, out)
		})
	}
}

// mutated compiles this test with the mutants in it, and returns the program. It is
// the mutant that MUTANT names.
func mutated(t *testing.T) string {
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	replace := map[string]string{}
	write := func(name string, source []byte) {
		written := filepath.Join(dir, strings.ReplaceAll(name, "/", "_"))
		if err := os.WriteFile(written, source, 0o600); err != nil {
			t.Fatal(err)
		}
		replace[filepath.Join(here, name)] = written
	}
	for _, m := range mutants {
		if replace[filepath.Join(here, m.file)] != "" {
			continue
		}
		name, source := withMutants(t, m.file)
		write(m.file, source)
		write(filepath.Join(filepath.Dir(m.file), "mutant.go"), []byte("package "+name+"\n\nimport \"os\"\n\nvar mutant = os.Getenv(\"MUTANT\")\n"))
	}
	list, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	overlay, program := filepath.Join(dir, "overlay.json"), filepath.Join(dir, "walk")
	if err := os.WriteFile(overlay, list, 0o600); err != nil {
		t.Fatal(err)
	}
	build := exec.CommandContext(t.Context(), "go", "test", "-c", "-vet=off", "-ldflags=-s -w", "-overlay", overlay, "-o", program, ".")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("does not compile: %v\n%s", err, out)
	}
	return program
}

// withMutants returns the name of a file's package, and the file with the mutants in
// it: the body of a function becomes a switch between what it was and its mutants.
func withMutants(t *testing.T, file string) (name string, source []byte) {
	before, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	files := token.NewFileSet()
	parsed, err := parser.ParseFile(files, file, before, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	copied, there := 0, map[string]int{}
	for _, d := range parsed.Decls {
		f, ok := d.(*ast.FuncDecl)
		if !ok {
			continue
		}
		begin, end := files.Position(f.Body.Pos()).Offset, files.Position(f.Body.End()).Offset
		body, cases := string(before[begin:end]), ""
		for _, m := range mutants {
			if n := strings.Count(body, m.old); m.file == file && n > 0 {
				there[m.name] += n
				cases += fmt.Sprintf("case %q:\n%s\n", m.name, strings.Replace(body, m.old, m.new, 1))
			}
		}
		if cases != "" {
			source = fmt.Appendf(append(source, before[copied:begin]...), "{\nswitch mutant {\n%sdefault:\n%s\n}\n}", cases, body)
			copied = end
		}
	}
	for _, m := range mutants {
		if n := there[m.name]; m.file == file && n != 1 {
			t.Errorf("%q is %d times in the functions of %s, not once", m.old, n, m.file)
		}
	}
	return parsed.Name.Name, append(source, before[copied:]...)
}

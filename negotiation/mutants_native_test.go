//go:build !js

package negotiation

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
)

// mutants are the shipped sources, each broken on purpose in one place. The walk
// must notice every one of them.
var mutants = []struct{ name, file, old, new string }{
	{"no collision check", "negotiation.go",
		"collision := n.pc.SignalingState() != webrtc.SignalingStateStable", "collision := 1 > 2"},
	{"no ignore", "negotiation.go", "if collision && !n.polite {", "if collision && !n.polite && 1 > 2 {"},
	{"ignore also when polite", "negotiation.go", "if collision && !n.polite {", "if collision {"},
	{"drop candidates always", "negotiation.go", "switch err := n.pc.AddICECandidate(candidate); {", "switch err := error(nil); {"},
	{"drop candidates never", "negotiation.go",
		"case n.ignoring, errors.Is(err, ErrUnknownUfrag), candidate == nil:", "case candidate == nil:"},
	{"both polite", "negotiation.go", "polite: polite, send: send", "polite: true, send: send"},
	{"both impolite", "negotiation.go", "polite: polite, send: send", "polite: false, send: send"},
	{"answer accepted in stable", "negotiation.go",
		"case webrtc.SignalingStateHaveLocalOffer:", "case webrtc.SignalingStateHaveLocalOffer, webrtc.SignalingStateStable:"},
	{"wish forgotten on rollback", "negotiation.go",
		"\t\tn.wish, n.carried = n.wish || n.carried, false\n\t\tn.event(CollisionRollback", "\t\tn.carried = false\n\t\tn.event(CollisionRollback"},
	{"wish not granted after answering", "negotiation.go", "n.send(Message{Description: &answer})\n\treturn n.grant()", "n.send(Message{Description: &answer})\n\treturn nil"},
	{"wish granted before there is anything", "negotiation.go", "if !n.wish || !n.begun ||", "if !n.wish ||"},
	{"answers without setting", "negotiation.go", "err := n.pc.SetRemoteDescription(offer)", "err := error(nil)"},

	{"need not looked up on return to stable", "session.go",
		"case webrtc.SignalingStateStable:\n\t\ts.changed = true", "case webrtc.SignalingStateStable:"},
	{"no retry of an offer that failed", "session.go", "s.retryIn = min(minRetry<<s.retries, maxRetry)", ""},

	{"need of a browser not remembered", "hint.go", "h.count.Add(1) }", "}"},
	{"need of a browser remembered once", "hint.go", "h.count.Add(1) }", "h.count.Store(1) }"},
	{"need forgotten while the offer is pending", "held.go", "h.negotiated(parsed.sections(), said)", "h.negotiated(parsed.sections(), h.pc.Wants())"},
	{"answer does not fulfil the need", "held.go", "wants := h.pc.Wants()\n\tanswer, err", "var wants []want\n\tanswer, err"},

	{"channel offered once more", "held.go", "there := w.kind == \"application\" && w.in(h.sections)", "there := 1 > 2"},

	{"held offer kept after answering", "held.go", "h.offer, h.offered, h.offeredAs, h.restarting, h.again = nil, nil, nil, false, false", "h.offered, h.offeredAs, h.restarting, h.again = nil, nil, false, false"},
	{"no re-offer after a withdrawn offer", "held.go", "return !w.in(sections)", "return 1 > 2"},
	{"restart wish forgotten", "held.go", "if h.remote != nil && !slices.Contains(h.remote, parsed.ufrag()) && parsed.ufrag() != \"\" {", "{"},
	{"restart wish never fulfilled", "held.go", "if h.restarting {\n\t\th.restart = h.again\n\t}", ""},
	{"restart wish of a pending restart forgotten", "held.go", "h.restart = h.again", "h.restart = false"},
	{"offer committed at once when polite", "held.go", "if !h.polite && h.pc.Commits(offered) {", "if 1 < 2 {"},
	{"offer held when impolite, and forgotten", "held.go", "h.offer = &offer", "_ = offer"},
	{"direction as pion answers", "held.go", "direction &= h.offered[i].direction.reversed()", "direction &= sendrecv"},
	{"DTLS role as pion answers", "held.go", "text = withSetup(text, h.setup)", ""},
	{"mids of dropped offers", "held.go", "if err := h.pc.NameSections(); err != nil {", "if err := error(nil); err != nil {"},
	{"candidates of any generation", "held.go", "ufrag != \"\" && !slices.Contains(h.remote, ufrag) {", "ufrag == \"none\" {"},

	{"no duplicate handling in the link", "signaling/link/link.go", "case f.Seq <= e.got:", "case f.Seq == 0:"},
	{"no retransmission", "signaling/link/link.go", "\te.sent = 0\n", ""},
	{"no session check", "signaling/link/link.go", "case f.Session != e.theirs:", "case e.theirs == \"\":"},
	{"answers what was meant for an ended session", "signaling/link/link.go", "case f.Peer != \"\" && f.Peer != e.ours:\n\t\treturn Outcome{Dropped: Stale}", "case f.Peer != \"\" && f.Peer != e.ours:\n\t\te.meet(f.Session)\n\t\treturn Outcome{Dropped: Stale}"},
	{"acks before delivery", "signaling/link/link.go", "return false, Gap", "e.got = f.Seq\n\t\treturn false, Gap"},
	{"delivers what is not due", "signaling/link/link.go", "return false, Gap", "return true, Gap"},
	{"acks a repeated message no more", "signaling/link/link.go", "e.owe, e.now = true, true // the", "// the"},
	{"binds whoever greets", "signaling/link/link.go", "case f.Session != e.theirs:\n\t\te.meet(f.Session)\n\t\treturn Outcome{}", "case f.Session != e.theirs:\n\t\te.meet(f.Session)\n\t\te.bind(f.Session)\n\t\to.Bound = true"},
	{"binds one session to two", "signaling/link/link.go", "e.ours, e.theirs, e.next = e.next, session, \"\"", "e.ours, e.theirs = e.next, session"},
	{"does not greet again", "signaling/link/link.go", "e.greet = e.theirs == \"\"", ""},
	{"does not say again that it is bound", "signaling/link/link.go", "e.now = e.now || !e.sure && e.theirs != \"\"", ""},
	{"answers no greeting of its partner", "signaling/link/link.go", "e.now = e.now || f.Hello\n", ""},
	{"keeps the messages of an ended binding", "signaling/link/link.go", "e.acked, e.waiting, e.sent, e.got = 0, nil, 0, 0", "e.acked, e.sent, e.got = 0, 0, 0"},
}

// TestMutants compiles this test with each mutant in place of the source, which
// only the compiler sees, and has it walk.
func TestMutants(t *testing.T) {
	if testing.Short() || raceEnabled {
		t.Skip("compiles the package once per mutant")
	}
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	var killed atomic.Int32
	t.Cleanup(func() {
		n := int(killed.Load())
		report(t, n < len(mutants), "mutants killed %d/%d", n, len(mutants))
	})
	for _, m := range mutants {
		t.Run(strings.ReplaceAll(m.name, " ", "_"), func(t *testing.T) {
			t.Parallel()
			source, err := os.ReadFile(m.file)
			if err != nil {
				t.Fatal(err)
			}
			if n := bytes.Count(source, []byte(m.old)); n != 1 {
				t.Fatalf("%q is %d times in %s, not once", m.old, n, m.file)
			}
			dir := t.TempDir()
			mutant, overlay, program := filepath.Join(dir, filepath.Base(m.file)), filepath.Join(dir, "overlay.json"), filepath.Join(dir, "walk")
			write := func(name string, data []byte) {
				if err := os.WriteFile(name, data, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			write(mutant, bytes.Replace(source, []byte(m.old), []byte(m.new), 1))
			replace, err := json.Marshal(map[string]any{"Replace": map[string]string{filepath.Join(here, m.file): mutant}})
			if err != nil {
				t.Fatal(err)
			}
			write(overlay, replace)
			build := exec.CommandContext(t.Context(), "go", "test", "-c", "-vet=off", "-ldflags=-s -w", "-overlay", overlay, "-o", program, ".")
			if out, err := build.CombinedOutput(); err != nil {
				t.Fatalf("does not compile: %v\n%s", err, out)
			}
			settings := "^TestExplore$"
			if strings.HasSuffix(m.file, "link.go") {
				settings += "/^(cuts|losses|repeats|crashes|late)$"
			}
			walk := exec.CommandContext(t.Context(), program, "-test.run", settings, "-explore", "first", "-test.timeout", "2m")
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

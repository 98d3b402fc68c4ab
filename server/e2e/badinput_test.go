package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation/peer"
	"perfect-negotiation/negotiation/trace"
)

// badInput is invalid input from the other side.
type badInput struct {
	name   string
	input  func(good string) string // derives it from a good offer
	answer trace.Kind               // the victim's reaction; empty: none
	after  bool                     // it comes after a good offer
	taken  bool                     // the readable part is answered, and no section is rejected
}

// give sends the input to the victim and checks its reaction. Afterwards a good offer
// must still work.
func (row badInput) give(m *mallory, victim participant) {
	m.t.Helper()
	before := 0
	if row.answer != "" {
		before = victim.count(row.answer)
	}
	if row.after {
		m.goodOffer()
	}
	m.send(row.input(m.offer()))
	if row.answer == trace.CandidateIgnored || row.answer == "" {
		m.goodOffer() // an early candidate is kept until then
	}
	if row.answer != "" {
		await(m.t, "it answers "+string(row.answer), func() bool { return victim.count(row.answer) > before }, victim)
	}
	if row.answer == trace.AnswerSending {
		answer := m.nextDescription(webrtc.SDPTypeAnswer)
		if rejected := strings.Contains(answer.SDP, "m=video 0 "); rejected == row.taken {
			m.t.Errorf("it answers\n%s", answer.SDP)
		}
		m.send(row.input(m.offer()))
		await(m.t, "it answers again", func() bool { return victim.count(row.answer) > before+1 }, victim)
		return
	}
	m.goodOffer()
}

// badInputs returns the inputs for a native peer or for a tab.
func badInputs(tab bool) []badInput {
	replace := func(old, replacement string) func(string) string {
		return func(sdp string) string { return strings.ReplaceAll(sdp, old, replacement) }
	}
	// video adds a video section like the data section of the offer.
	video := func(payload, rtpmap string) func(string) string {
		return func(sdp string) string {
			_, section, _ := strings.Cut(sdp, "m=application")
			_, attributes, _ := strings.Cut(section, "\r\n")
			attributes = strings.ReplaceAll(attributes, "a=mid:0", "a=mid:1")
			attributes = without("a=sctp")(without("a=candidate")(without("a=end-of")(attributes)))
			return strings.ReplaceAll(sdp, "BUNDLE 0", "BUNDLE 0 1") +
				"m=video 9 UDP/TLS/RTP/SAVPF " + payload + "\r\n" + attributes + "a=sendrecv\r\na=rtcp-mux\r\n" + rtpmap
		}
	}
	candidate := func(ufrag string) string {
		return fmt.Sprintf(`{"candidate":{"candidate":"candidate:1 1 udp 1 127.0.0.1 9 typ host","sdpMid":"0","sdpMLineIndex":0,"usernameFragment":%q}}`, ufrag)
	}
	offer := func(change func(string) string) func(string) string {
		return func(sdp string) string { return description("offer", change(sdp)) }
	}
	constant := func(s string) func(string) string { return func(string) string { return s } }

	rows := []badInput{
		{"description of unknown type", constant(description("proposal", "")), trace.MessageRefused, false, false},
		{"description without type", constant(`{"description":{"sdp":"v=0"}}`), trace.MessageRefused, false, false},
		{"description that is a number", constant(`{"description":7}`), trace.MessageRefused, false, false},
		{"description whose SDP is a number", constant(`{"description":{"type":"offer","sdp":7}}`), trace.MessageRefused, false, false},
		{"pranswer", constant(description("pranswer", "v=0")), trace.DescriptionRefused, false, false},
		{"rollback", constant(description("rollback", "")), trace.DescriptionRefused, false, false},
		{"empty SDP", offer(constant("")), trace.DescriptionRefused, false, false},
		{"garbage SDP", offer(constant("<garbage>")), trace.DescriptionRefused, false, false},
		{"SDP cut short", offer(func(s string) string { return s[:200] }), trace.DescriptionRefused, false, false},
		{"SDP with a line in a line", offer(replace("a=mid:0\r\n", "a=mid:0\ra=mid:1\r\n")), trace.DescriptionRefused, false, false},
		{"SDP without section", offer(func(s string) string { head, _, _ := strings.Cut(s, "m="); return head }), trace.DescriptionRefused, false, false},
		{"SDP without mid", offer(without("a=mid")), trace.DescriptionRefused, false, false},
		{"SDP without ufrag", offer(without("a=ice-ufrag")), trace.DescriptionRefused, false, false},
		{"SDP without fingerprint", offer(without("a=fingerprint")), trace.DescriptionRefused, false, false},
		{"duplicate mids", offer(func(s string) string {
			return strings.ReplaceAll(video("96", "a=rtpmap:96 VP8/90000\r\n")(s), "a=mid:1", "a=mid:0")
		}), trace.DescriptionRefused, false, false},
		{"short ufrag", offer(func(s string) string { return strings.ReplaceAll(s, "a=ice-ufrag:"+ufrag(s), "a=ice-ufrag:abc") }), trace.DescriptionRefused, false, false},
		{"payload type 300", offer(video("300", "a=rtpmap:300 VP8/90000\r\n")), trace.DescriptionRefused, false, false},
		{"bad extmap", offer(video("96", "a=rtpmap:96 VP8/90000\r\na=extmap:x urn:x\r\n")), trace.DescriptionRefused, false, false},
		{"no common codec", offer(video("96", "a=rtpmap:96 THEORA/90000\r\n")), trace.AnswerSending, false, false},
		{"answer without an offer", func(good string) string { return description("answer", replace("actpass", "active")(good)) }, trace.AnswerDropped, false, false},
		{"candidate before any description", constant(candidate("abcd")), trace.CandidateIgnored, false, false},
		{"null candidate before any description", constant(`{"candidate":null}`), trace.CandidateIgnored, false, false},
		{"candidate with unknown ufrag", constant(candidate("abcd")), trace.CandidateIgnored, true, false},
		{"candidate that is none", func(good string) string {
			return strings.ReplaceAll(candidate(ufrag(good)), "candidate:1 1 udp", "candidate:what")
		}, trace.CandidateRefused, true, false},
		{"candidate that is a number", constant(`{"candidate":7}`), trace.MessageRefused, true, false},
		{"message of another session", constant(`{"r":"another","description":{"type":"offer","sdp":""}}`), trace.MessageDropped, true, false},
		{"an object with nothing in it", constant(`{"what":"is this"}`), "", true, false},
	}
	if tab {
		return rows
	}
	// pion is shown what it can read. A browser takes the first, and when Chromium has
	// refused the second it refuses all that follows.
	rows = append(rows,
		badInput{name: "SDP that pion cannot parse", input: offer(replace("t=0 0", "t=x")), answer: trace.AnswerSending, taken: true},
		badInput{name: "payload type without rtpmap", input: offer(video("96", "")), answer: trace.AnswerSending},
	)
	for i, row := range rows {
		switch row.name {
		case "payload type 300", "bad extmap":
			rows[i].answer, rows[i].taken = trace.AnswerSending, row.name == "bad extmap"
		}
	}
	return rows
}

// TestBadInput sends invalid input to a tab, and to a native peer that is connected
// with another one: those two must go on undisturbed.
func TestBadInput(t *testing.T) {
	t.Parallel()
	for role, rank := range map[string]int{"polite": peer.RankChromium, "impolite": peer.RankNative + 1} {
		for _, row := range badInputs(false) {
			t.Run("to a native peer, "+role+"/"+row.name, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				victim, other := w.native("bad", "", false), w.native("bad", "", false)
				other.connect()
				awaitChannels(t, 1, victim, other)
				row.give(newMallory(t, w, fmt.Sprintf("room=bad&rank=%d", rank), victim.id()), victim)
				both(victim, other, func(p participant) { p.say("as if nothing had been") })
				for _, p := range []*native{victim, other} {
					await(t, "chat arrives", func() bool { return slices.Contains(p.received(), "as if nothing had been") }, victim, other)
				}
				nothingSurfaced(t, other)
			})
		}
	}
	for _, role := range []string{"polite", "impolite"} {
		t.Run("to a tab, "+role, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			victim := w.member("/" + role)
			for _, row := range badInputs(true) {
				if (trace.Event{Kind: row.answer}).Level() == trace.LevelDebug {
					row.answer = "" // a page does not show that
				}
				visit(t, w, role, victim, row.name, func(m *mallory) { row.give(m, victim) })
			}
			if lines := victim.lines(`[data-level="error"]`); len(lines) > 0 {
				t.Errorf("it could not go on: %q", lines)
			}
		})
	}
}

// TestBadAnswer gives an offer a bad answer. The offer is sent again and gets a good
// one.
func TestBadAnswer(t *testing.T) {
	t.Parallel()
	bad := map[string]func(good string) string{
		"garbage":             func(string) string { return "<garbage>" },
		"another mid":         func(good string) string { return strings.ReplaceAll(good, "a=mid:0", "a=mid:other") },
		"without fingerprint": func(good string) string { return without("a=fingerprint")(good) },
	}
	try := func(t *testing.T, w *world, role string, victim member) {
		for name, spoil := range bad {
			visit(t, w, role, victim, name, func(m *mallory) {
				m.goodOffer()
				victim.renegotiate()
				good := m.goodAnswer()
				before, answered := victim.count(trace.OfferFailed), victim.count(trace.AnswerReceived)
				victim.renegotiate()
				m.nextDescription(webrtc.SDPTypeOffer)
				m.send(description("answer", spoil(good)))
				await(m.t, "it is refused", func() bool { return victim.count(trace.OfferFailed) > before }, victim)
				m.goodAnswer()
				await(m.t, "the offer is answered", func() bool { return victim.count(trace.AnswerReceived) > answered+1 }, victim)
			})
		}
	}
	for _, role := range []string{"polite", "impolite"} {
		t.Run("to a native peer, "+role, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			try(t, w, role, w.native(demoRoom, role, false))
		})
		t.Run("to a tab, "+role, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			try(t, w, role, w.member("/"+role))
		})
	}
}

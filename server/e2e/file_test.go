package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation/trace"
)

// TestTraceFile saves a trace as the page does, and reads it as others do.
func TestTraceFile(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.rawTab(w.url + "/")
	recorded := recorded(t)
	saved := func(masked bool, lines string) string {
		return b.text(fmt.Sprintf(`Promise.all([import("/inspector/file.js"), import("/inspector/recording.js")]).then(([{ write }, { Recording }]) => {
			const recording = new Recording();
			recording.add(%q);
			return write(recording.lines, { userAgent: "a browser", room: "our room", self: "bal7eb", source: "f4e5631a" }, %t);
		})`, lines, masked))
	}
	t.Run("plain", func(t *testing.T) {
		file := saved(false, recorded)
		var events []string
		for line := range strings.Lines(file) {
			if strings.HasPrefix(line, `{"pn":"event"`) {
				events = append(events, strings.TrimSuffix(line, "\n"))
				if _, err := trace.ParseLine([]byte(events[len(events)-1])); err != nil {
					t.Errorf("%v: %s", err, line)
				}
			}
		}
		if got := strings.Join(events, "\n"); got != strings.TrimSpace(recorded) {
			t.Error("other lines are saved than were recorded")
		}
		if back := b.text(fmt.Sprintf(`import("/inspector/file.js").then(({ read }) => read(%q).lines)`, file)); back != strings.Join(events, "\n") {
			t.Error("other lines are read than were saved")
		}
	})
	t.Run("as the program writes it", func(t *testing.T) {
		for _, name := range []string{"pair.trace", "arrays.trace"} {
			written, err := os.ReadFile("../../negotiation/trace/dump/testdata/" + name)
			if err != nil {
				t.Fatal(err)
			}
			again := b.text(fmt.Sprintf(`import("/inspector/file.js").then(({ read, write }) => {
				const { about, lines } = read(%q);
				return write(lines.split("\n"), { userAgent: "native", ...about }, true);
			})`, written))
			theirs, ours := strings.Split(string(written), "\n"), strings.Split(again, "\n")
			for i := range max(len(theirs), len(ours)) {
				if i >= len(theirs) || i >= len(ours) || theirs[i] != ours[i] {
					t.Fatalf("%s: line %d differs:\n%s", name, i+1, again)
				}
			}
		}
	})
	t.Run("for the tools of rtcstats", func(t *testing.T) { readAsRTCStats(t, saved(false, recorded)) })
	t.Run("masked", func(t *testing.T) { testMasked(t, saved) })
	t.Run("refused", func(t *testing.T) {
		for _, row := range []struct{ name, file, want string }{
			{"nothing", "", "This is no trace. It does not begin with “RTCStatsDump”."},
			{"a picture", "\x89PNG\r\n", "This is no trace. It does not begin with “RTCStatsDump”."},
			{"a dump of webrtc-internals", `{"PeerConnections":{}}`, "This is no trace. It is a dump of webrtc-internals, which has one side and no decisions."},
			{"a head that is cut off", "RTCStatsDump\n{\"file", "The second line of the trace cannot be read: it should say what the file is."},
			{"another format", "RTCStatsDump\n{\"fileFormat\":2}\n", "The file has format 2 of rtcstats; this page reads format 3."},
			{"a dump of rtcstats", "RTCStatsDump\n{\"fileFormat\":3}\n[\"create\",\"PC_0\",{},1]\n", "This is a dump of rtcstats without the lines that tell of decisions: it was not written by this program."},
			{"no events", "RTCStatsDump\n{\"fileFormat\":3,\"pn\":{\"version\":1}}\n{\"pn\":\"other\"}\n", "The trace has no events."},
			{"a line that is cut off", "\ufeffRTCStatsDump\r\n{\"fileFormat\":3,\"pn\":{\"version\":2}}\r\n{\"pn\":\"event\",\"kind\":\"paired\"}\r\n{\"pn\":\"ev", "1 1 true"},
		} {
			is := b.text(fmt.Sprintf(`import("/inspector/file.js").then(({ read }) => {
				try {
					const { events, broken, newer } = read(%q);
					return [events, broken, newer].join(" ");
				} catch (error) {
					return error.message;
				}
			})`, strings.ToValidUTF8(row.file, "�")))
			if is != row.want {
				t.Errorf("%s: %s", row.name, is)
			}
		}
	})
	t.Run("the oldest lines go", func(t *testing.T) {
		is := b.text(`import("/inspector/recording.js").then(({ Recording }) => {
			const recording = new Recording();
			const batch = ("x".repeat(1 << 20) + "\n").repeat(9).trim();
			for (let i = 0; i < 5; i++) recording.add(batch);
			recording.add("the newest");
			const { lines } = recording;
			return [lines.length, lines.at(-1), recording.dropped > 9 << 20].join(" ");
		})`)
		if is != "28 the newest true" {
			t.Error(is)
		}
	})
}

// readAsRTCStats reads a file as the reader of rtcstats does: every line is JSON, arrays
// are [method, connection, value, …, time since the array before], and the rest is skipped.
func readAsRTCStats(t *testing.T, file string) {
	head, rest, _ := strings.Cut(file, "\n")
	about, rest, _ := strings.Cut(rest, "\n")
	var format struct{ FileFormat int }
	if err := json.Unmarshal([]byte(about), &format); head != "RTCStatsDump" || err != nil || format.FileFormat != 3 {
		t.Fatalf("%s, %s", head, about)
	}
	var methods []string
	time := 0.0
	for line := range strings.Lines(rest) {
		var value any
		if err := json.Unmarshal([]byte(line), &value); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		row, is := value.([]any)
		if !is {
			continue
		}
		time += row[len(row)-1].(float64)
		if row[1] != "wkgsyfq2m4n5tdba#1/here" || len(methods) > 7 {
			continue
		}
		methods = append(methods, row[0].(string))
		if description, is := row[2].(map[string]any); is && strings.HasPrefix(row[0].(string), "set") && !strings.HasPrefix(description["sdp"].(string), "v=0") {
			t.Errorf("%s has no SDP", row[0])
		}
	}
	if want := "create setLocalDescription setRemoteDescription onsignalingstatechange onconnectionstatechange setLocalDescription setRemoteDescription renegotiate"; strings.Join(methods, " ") != want {
		t.Errorf("the methods are %s", methods)
	}
	if time < 1.7e12 || time > 2e12 {
		t.Errorf("the last one is at %f", time)
	}
}

// testMasked looks for what a masked file must not tell, and for what must stay.
func testMasked(t *testing.T, saved func(masked bool, lines string) string) {
	offer := func(ufrag string) string {
		return "v=0\r\no=- 46117314 2 IN IP4 192.168.7.9\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\na=fingerprint:sha-256 " + strings.Repeat("AB:", 31) + "AB\r\n" +
			"m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 203.0.113.9\r\na=mid:0\r\na=ice-ufrag:" + ufrag + "\r\na=ice-pwd:secretsecretsecretsecret\r\na=setup:actpass\r\na=sctp-port:5000\r\n" +
			"a=candidate:1 1 udp 2113937151 192.168.7.9 54321 typ host generation 0 ufrag " + ufrag + "\r\n" +
			"a=candidate:2 1 udp 1113937151 203.0.113.9 4444 typ srflx raddr 192.168.7.9 rport 54321\r\n" +
			"a=candidate:3 1 udp 913937151 2a02:8070::1 4445 typ host\r\na=candidate:4 1 udp 813937151 4dc5b1d4-0b9c-4c1f-9d1e-4d8a52c41c1f.local 4446 typ host\r\n" +
			"a=ssrc:1 cname:secretname\r\n"
	}
	var lines []string
	for _, e := range []trace.Event{
		{Kind: trace.RoomJoined, Detail: "our room"},
		{Kind: trace.RelayLost, Detail: "dial tcp: lookup relay.example.org: no such host"},
		{Kind: trace.ChatReceived, Peer: "wkgsyf", Detail: "a secret: for you"},
		{Kind: trace.OfferReceived, Peer: "wkgsyf", Life: 1, Message: trace.Message{Type: trace.Offer, Seq: 1}, SDP: offer("once")},
		{Kind: trace.OfferReceived, Peer: "wkgsyf", Message: trace.Message{Type: trace.Offer, Seq: 2}, SDP: offer("twice")},
		{Kind: trace.CandidateIgnored, Peer: "wkgsyf", Detail: "twice: udp 203.0.113.9:4444"},
	} {
		lines = append(lines, string(trace.LineOf(e).Append(nil)))
	}
	file := saved(true, strings.Join(lines, "\n"))
	for _, secret := range []string{"our room", "example.org", "secret", "once", "twice", "192.168.7.9", "203.0.113.9", "2a02", "4dc5b1d4", "AB:AB"} {
		if strings.Contains(file, secret) {
			t.Errorf("it tells %q", secret)
		}
	}
	for _, kept := range []string{
		`"masked":true`, "Joined room ''", "Received: (17 characters)", "a=ice-ufrag:ufrag001\\r\\n", "a=ice-ufrag:ufrag002\\r\\n", "ufrag002: udp 198.18.0.1:4444",
		"198.18.0.1 4444 typ srflx raddr 10.0.0.1 rport 54321", "2001:db8::1 4445", "host1.local", "generation 0 ufrag ufrag001", "cname:cname1",
	} {
		if !strings.Contains(file, kept) {
			t.Errorf("%q is not in it", kept)
		}
	}
	for line := range strings.Lines(file) {
		l, err := trace.ParseLine([]byte(strings.TrimSpace(line)))
		if err != nil || l.Event.SDP == "" {
			continue
		}
		if _, err := (&webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: l.Event.SDP}).Unmarshal(); err != nil {
			t.Errorf("its SDP is not valid any more: %v", err)
		}
	}
	if t.Failed() {
		t.Log(file)
	}
}

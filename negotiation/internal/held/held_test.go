package held

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation/internal/sdp"
)

// bare is a connection without rollback and with pion's habits: it keeps only the
// last offer it created, always answers active, and omits the mid of a section it
// rejects.
type bare struct {
	state     webrtc.SignalingState
	wants     []Want
	lastOffer string
	ufrag     int
	version   int
	rejects   bool
	calls     []string
	remote    string // the last description passed to Look
}

var (
	errState      = errors.New("wrong state")
	errNotTheLast = errors.New("not the last offer")
)

func newBare(wants ...Want) *bare {
	return &bare{state: webrtc.SignalingStateStable, wants: wants}
}

// text returns SDP that has data sections with these mids.
func text(ufrag, setup string, version int, mids ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "v=0\r\no=- 1 %d IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=group:BUNDLE %s\r\n", version, strings.Join(mids, " "))
	for _, mid := range mids {
		fmt.Fprintf(&b, "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\na=setup:%s\r\n", setup)
		if mid != "" {
			fmt.Fprintf(&b, "a=mid:%s\r\n", mid)
		}
		fmt.Fprintf(&b, "a=ice-ufrag:%s\r\na=ice-pwd:%s\r\na=fingerprint:sha-256 %s\r\n", ufrag, strings.Repeat("p", 22), strings.TrimSuffix(strings.Repeat("AB:", 32), ":"))
	}
	return b.String()
}

func (b *bare) SignalingState() webrtc.SignalingState { return b.state }
func (b *bare) NameSections() error                   { return nil }
func (b *bare) Wants() []Want                         { return slices.Clone(b.wants) }
func (b *bare) Superseded(err error) bool             { return errors.Is(err, errNotTheLast) }

func (b *bare) Commits([]sdp.Section) bool { return true }

func (b *bare) Look(kind webrtc.SDPType, remote *sdp.Description) (Plan, error) {
	b.remote = remote.String()
	return setting{b, webrtc.SessionDescription{Type: kind, SDP: b.remote}}, nil
}

func (b *bare) AddICECandidate(webrtc.ICECandidateInit) error {
	b.calls = append(b.calls, "candidate")
	return nil
}

func (b *bare) CreateOffer(restart bool) (Local, error) {
	if restart {
		b.ufrag++
	}
	b.version++
	b.lastOffer = text(fmt.Sprintf("ours%d", b.ufrag), "actpass", b.version, "0")
	return made(webrtc.SDPTypeOffer, b.lastOffer), nil
}

func (b *bare) CreateAnswer() (Local, error) {
	mid := "0"
	if b.rejects {
		mid = ""
	}
	answer := text(fmt.Sprintf("ours%d", b.ufrag), "active", 1, mid)
	if b.rejects {
		answer = strings.Replace(answer, "m=application 9", "m=application 0", 1)
	}
	return made(webrtc.SDPTypeAnswer, answer), nil
}

func (b *bare) SetLocalDescription(d webrtc.SessionDescription) error {
	switch {
	case d.Type == webrtc.SDPTypeOffer && d.SDP != b.lastOffer:
		return errNotTheLast
	case d.Type == webrtc.SDPTypeOffer && b.state == webrtc.SignalingStateStable:
		b.state = webrtc.SignalingStateHaveLocalOffer
	case d.Type == webrtc.SDPTypeAnswer && b.state == webrtc.SignalingStateHaveRemoteOffer:
		b.state = webrtc.SignalingStateStable
	default:
		return errState
	}
	b.calls = append(b.calls, "local "+d.Type.String())
	return nil
}

func (b *bare) SetRemoteDescription(d webrtc.SessionDescription) error {
	switch {
	case d.Type == webrtc.SDPTypeOffer && b.state == webrtc.SignalingStateStable:
		b.state = webrtc.SignalingStateHaveRemoteOffer
	case d.Type == webrtc.SDPTypeAnswer && b.state == webrtc.SignalingStateHaveLocalOffer:
		b.state = webrtc.SignalingStateStable
	default:
		return errState
	}
	b.calls = append(b.calls, "remote "+d.Type.String())
	return nil
}

// setting is a Plan that sets a description.
type setting struct {
	*bare
	remote webrtc.SessionDescription
}

func (setting) Empty() bool    { return false }
func (s setting) Apply() error { return s.SetRemoteDescription(s.remote) }

func made(kind webrtc.SDPType, text string) Local {
	return Local{webrtc.SessionDescription{Type: kind, SDP: text}, sdp.Parse(text)}
}

func remoteOffer(ufrag string) webrtc.SessionDescription {
	return webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: text(ufrag, "actpass", 1, "0")}
}

func remoteAnswer(setup string) webrtc.SessionDescription {
	return webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: text("theirs", setup, 1, "0")}
}

var data = Want{Kind: "application"}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func offer(t *testing.T, h *PeerConnection) webrtc.SessionDescription {
	t.Helper()
	d, err := h.SetLocalDescription()
	must(t, err)
	return d
}

func expect(t *testing.T, b *bare, calls ...string) {
	t.Helper()
	if !slices.Equal(b.calls, calls) {
		t.Errorf("calls %q, want %q", b.calls, calls)
	}
}

func TestPoliteHoldsItsOffer(t *testing.T) {
	b := newBare(data)
	h := New(b, true, false)
	if !h.Needed() {
		t.Error("a data channel does not make an offer needed")
	}
	offer(t, h)
	expect(t, b)
	if h.SignalingState() != webrtc.SignalingStateHaveLocalOffer {
		t.Errorf("state %s", h.SignalingState())
	}
	must(t, h.SetRemoteDescription(remoteAnswer("active")))
	expect(t, b, "local offer", "remote answer")
	if h.SignalingState() != webrtc.SignalingStateStable || h.Needed() {
		t.Errorf("state %s, needed %v", h.SignalingState(), h.Needed())
	}
}

func TestImpoliteCommitsItsOffer(t *testing.T) {
	b := newBare(data)
	h := New(b, false, false)
	offer(t, h)
	expect(t, b, "local offer")
	must(t, h.SetRemoteDescription(remoteAnswer("active")))
	expect(t, b, "local offer", "remote answer")
}

func TestACollidingOfferWithdrawsTheHeldOne(t *testing.T) {
	b := newBare(Want{Mid: "p0", Kind: "video", What: "sendrecv"})
	h := New(b, true, false)
	offer(t, h)
	must(t, h.SetRemoteDescription(remoteOffer("theirs")))
	offer(t, h) // the answer
	expect(t, b, "remote offer", "local answer")
	if !h.Needed() {
		t.Error("what the withdrawn offer said is not wanted any more")
	}
	must(t, h.SetRemoteDescription(remoteOffer("theirs")))
}

func TestAnAnswerRepeatsTheDTLSRole(t *testing.T) {
	for _, test := range []struct{ first, want string }{{"active", "passive"}, {"passive", "active"}} {
		h := New(newBare(data), true, false)
		offer(t, h)
		must(t, h.SetRemoteDescription(remoteAnswer(test.first)))
		must(t, h.SetRemoteDescription(remoteOffer("theirs")))
		if answer := offer(t, h).SDP; !strings.Contains(answer, "a=setup:"+test.want+"\r\n") {
			t.Errorf("after an answer that was %s we are not %s:\n%s", test.first, test.want, answer)
		}
	}
}

// The DTLS role belongs to the transport, and a browser makes a new one when the
// section that carried it ends.
func TestANewTransportTakesItsOwnRole(t *testing.T) {
	for moves, want := range map[bool]string{true: "active", false: "passive"} {
		h := New(newBare(data), true, moves)
		offer(t, h)
		must(t, h.SetRemoteDescription(remoteAnswer("active")))
		h.Tag = "ended"
		must(t, h.SetRemoteDescription(remoteOffer("theirs")))
		if answer := offer(t, h).SDP; !strings.Contains(answer, "a=setup:"+want+"\r\n") {
			t.Errorf("moves is %t, and we are not %s:\n%s", moves, want, answer)
		}
	}
}

func TestARejectedSectionKeepsItsMid(t *testing.T) {
	b := newBare()
	b.rejects = true
	h := New(b, false, false)
	must(t, h.SetRemoteDescription(remoteOffer("theirs")))
	if answer := offer(t, h).SDP; !strings.Contains(answer, "a=mid:0\r\n") {
		t.Errorf("no mid:\n%s", answer)
	}
	if s := h.Sections[0]; s.Mid != "0" || !s.Rejected {
		t.Errorf("sections %v", h.Sections)
	}
}

func TestAnOfferThatWasSuperseded(t *testing.T) {
	b := newBare(data)
	h := New(b, true, false)
	offer(t, h)
	_, _ = b.CreateOffer(false) // by the application, with the same content
	must(t, h.SetRemoteDescription(remoteAnswer("active")))
	expect(t, b, "local offer", "remote answer")

	offer(t, h)
	_, _ = b.CreateOffer(true) // with other content
	if err := h.SetRemoteDescription(remoteAnswer("active")); !errors.Is(err, ErrOffer) {
		t.Errorf("error %v", err)
	}
	if h.SignalingState() != webrtc.SignalingStateStable {
		t.Errorf("state %s", h.SignalingState())
	}
}

func TestRestartIsWantedUntilItIsAnswered(t *testing.T) {
	b := newBare(data)
	h := New(b, true, false)
	h.RestartICE()
	if h.Restart {
		t.Error("there is nothing to restart")
	}
	offer(t, h)
	must(t, h.SetRemoteDescription(remoteAnswer("active")))

	h.RestartICE()
	offer(t, h)
	must(t, h.SetRemoteDescription(remoteOffer("theirs"))) // without a restart; it wins the collision
	offer(t, h)
	if !h.Needed() {
		t.Error("the request was lost in a collision")
	}
	offer(t, h)
	must(t, h.SetRemoteDescription(remoteAnswer("active")))
	if h.Needed() {
		t.Error("the request was answered and is still there")
	}

	h.RestartICE()
	must(t, h.SetRemoteDescription(remoteOffer("another")))
	offer(t, h)
	if h.Needed() {
		t.Error("the other side restarted, and we want to as well")
	}
}

// An answer that rejects everything has no credentials, so it neither restarts ICE
// nor changes them.
func TestAllRejectedRestartsNothing(t *testing.T) {
	rejects := strings.NewReplacer("m=application 9", "m=application 0", "a=group:BUNDLE 0\r\n", "", "a=ice-ufrag:theirs\r\n", "")
	b := newBare(data)
	h := New(b, true, false)
	ours := sdp.Parse(offer(t, h).SDP).Ufrag()
	must(t, h.SetRemoteDescription(remoteAnswer("active")))
	h.RestartICE()
	rejected := remoteOffer("theirs")
	rejected.SDP = rejects.Replace(rejected.SDP)
	must(t, h.SetRemoteDescription(rejected))
	b.rejects = true
	offer(t, h) // the answer
	if !h.Needed() || h.Ufrag != ours || !slices.Equal(h.Remote, []string{"theirs"}) {
		t.Errorf("needed %v, the credentials are %q and %q", h.Needed(), h.Ufrag, h.Remote)
	}
}

func TestAdopt(t *testing.T) {
	before := &Past{sdp.Parse(text("ours0", "actpass", 1, "0")), sdp.Parse(remoteAnswer("active").SDP), true}
	h := New(newBare(data), true, false)
	must(t, h.Adopt(before))
	must(t, h.SetRemoteDescription(remoteOffer("theirs")))
	if answer := offer(t, h).SDP; !strings.Contains(answer, "a=setup:passive\r\n") {
		t.Errorf("the DTLS role of before is forgotten:\n%s", answer)
	}

	before.Remote = sdp.Parse(text("theirs", "active", 1, "0", "1"))
	if h.Adopt(before) == nil {
		t.Error("adopts two media sections of theirs, and one of ours")
	}
}

// A refused description changes nothing, and a good one still works.
func TestRefused(t *testing.T) {
	good := text("theirs", "actpass", 1, "0")
	for name, text := range map[string]string{
		"empty":                     "",
		"garbage":                   "what is this?",
		"not lines":                 "v=0\r\nhello",
		"media line with a tab":     strings.ReplaceAll(good, "m=application 9", "m=application\t9"),
		"no media section":          "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n",
		"no mid":                    strings.ReplaceAll(good, "a=mid:0\r\n", ""),
		"mid with a space":          strings.ReplaceAll(good, "a=mid:0", "a=mid:0 1"),
		"duplicate mids":            text("theirs", "actpass", 1, "0", "0"),
		"no ufrag":                  strings.ReplaceAll(good, "a=ice-ufrag:theirs\r\n", ""),
		"short ufrag":               text("abc", "actpass", 1, "0"),
		"ufrag of other characters": text("th eirs", "actpass", 1, "0"),
		"no pwd":                    strings.ReplaceAll(good, "a=ice-pwd:"+strings.Repeat("p", 22)+"\r\n", ""),
		"short pwd":                 strings.ReplaceAll(good, strings.Repeat("p", 22), "p"),
		"no fingerprint":            strings.ReplaceAll(good, "a=fingerprint:", "a=f:"),
		"unknown hash":              strings.ReplaceAll(good, "sha-256", "md1"),
		"short fingerprint":         strings.ReplaceAll(good, "AB:AB:AB", "AB"),
		"fingerprint not hex":       strings.ReplaceAll(good, "AB", "XY"),
		"BUNDLE without section":    strings.ReplaceAll(good, "BUNDLE 0", "BUNDLE 7"),
		"unknown setup":             strings.ReplaceAll(good, "actpass", "both"),
	} {
		t.Run(name, func(t *testing.T) {
			b := newBare(data)
			h := New(b, false, false)
			if err := h.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: text}); !errors.Is(err, ErrRefused) {
				t.Errorf("error %v", err)
			}
			expect(t, b)
			must(t, h.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: good}))
			offer(t, h)
		})
	}
}

func TestRefusedAnswer(t *testing.T) {
	for name, text := range map[string]string{
		"other mid":      text("theirs", "active", 1, "1"),
		"more sections":  text("theirs", "active", 1, "0", "1"),
		"other kind":     strings.ReplaceAll(text("theirs", "active", 1, "0"), "m=application 9", "m=audio 9"),
		"actpass":        text("theirs", "actpass", 1, "0"),
		"another secret": "v=0\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			for _, polite := range []bool{true, false} {
				h := New(newBare(data), polite, false)
				offer(t, h)
				if err := h.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: text}); !errors.Is(err, ErrRefused) {
					t.Errorf("error %v", err)
				}
				must(t, h.SetRemoteDescription(remoteAnswer("active")))
			}
		})
	}
}

func TestRefusedReoffer(t *testing.T) {
	for name, text := range map[string]string{
		"fewer sections": text("theirs", "actpass", 1, "0"),
		"mids swapped":   text("theirs", "actpass", 1, "1", "0"),
		"other kind":     strings.Replace(text("theirs", "actpass", 1, "0", "1"), "m=application", "m=audio", 1),
	} {
		t.Run(name, func(t *testing.T) {
			h := New(newBare(data), false, false)
			h.Sections = []sdp.Section{{Mid: "0", Kind: "application"}, {Mid: "1", Kind: "application"}}
			if err := h.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: text}); !errors.Is(err, ErrRefused) {
				t.Errorf("error %v", err)
			}
		})
	}
}

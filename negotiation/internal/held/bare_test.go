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
	remote    string   // the last description passed to Look
	added     []string // candidates
	mids      []string // of its sections; nil: "0"
	group     string   // mids of its answer's BUNDLE group, if not all
}

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

func (b *bare) AddICECandidate(c webrtc.ICECandidateInit) error {
	b.calls = append(b.calls, "candidate")
	b.added = append(b.added, c.Candidate)
	return nil
}

// candidates returns those of a description and those that were added.
func (b *bare) candidates(description string) []string {
	return append(sdp.Parse(description).Candidates(), b.added...)
}

func (b *bare) sections() []string {
	if b.mids != nil {
		return b.mids
	}
	return []string{"0"}
}

func (b *bare) CreateOffer(restart bool) (Local, error) {
	if restart {
		b.ufrag++
	}
	b.version++
	b.lastOffer = text(fmt.Sprintf("ours%d", b.ufrag), "actpass", b.version, b.sections()...)
	return made(webrtc.SDPTypeOffer, b.lastOffer), nil
}

func (b *bare) CreateAnswer() (Local, error) {
	mids := b.sections()
	if b.rejects {
		mids = []string{""}
	}
	answer := text(fmt.Sprintf("ours%d", b.ufrag), "active", 1, mids...)
	if b.group != "" {
		answer = strings.Replace(answer, "BUNDLE "+strings.Join(mids, " "), "BUNDLE "+b.group, 1)
	}
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

package held

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation/internal/sdp"
)

var (
	errState      = errors.New("wrong state")
	errNotTheLast = errors.New("not the last offer")
)

var data = Want{Kind: "application"}

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

// The DTLS role does not change, whatever a later answer says.
// https://www.rfc-editor.org/rfc/rfc8842#section-5.3
func TestAnAnswerWithTheOtherRole(t *testing.T) {
	b := newBare(data)
	h := New(b, false, false)
	offer(t, h)
	must(t, h.SetRemoteDescription(remoteAnswer("active")))
	offer(t, h)
	must(t, h.SetRemoteDescription(remoteAnswer("passive")))
	if setup := sdp.Parse(b.remote).Setup(); setup != "active" || h.Setup != "passive" {
		t.Errorf("the connection sees that the other side is %s, and we are %s", setup, h.Setup)
	}
}

// The DTLS role belongs to the transport, and a browser makes a new one when the
// section that carried it ends.
func TestANewTransportTakesItsOwnRole(t *testing.T) {
	for moves, want := range map[bool]string{true: "active", false: "passive"} {
		h := New(newBare(data), true, moves)
		offer(t, h)
		must(t, h.SetRemoteDescription(remoteAnswer("active")))
		h.Bundle = []string{"ended"}
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

// An answer may say more than was offered, as libdatachannel's do. It is taken for what it
// may say.
func TestAnAnswerThatSaysTooMuch(t *testing.T) {
	b := newBare(data)
	h := New(b, false, false)
	media := func(d webrtc.SessionDescription, direction string) webrtc.SessionDescription {
		d.SDP = strings.Replace(d.SDP, "m=application 9 UDP/DTLS/SCTP webrtc-datachannel", "m=audio 9 UDP/TLS/RTP/SAVPF 0", 1) + "a=" + direction + "\r\n"
		return d
	}
	offer(t, h)
	h.Pending.Sections = sdp.Parse(media(remoteOffer("ours"), "recvonly").SDP).Sections()
	must(t, h.SetRemoteDescription(media(remoteAnswer("active"), "sendrecv")))
	if m := sdp.Parse(b.remote).Media[0]; m.Direction != sdp.Sendonly || h.Sections[0].Direction != sdp.Sendonly {
		t.Errorf("the connection sees %s, and %s is remembered", m.Direction, h.Sections[0].Direction)
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

package negotiation

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hack-pad/safejs"
	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation/internal/sdp"
	"perfect-negotiation/negotiation/promise"
)

// opTimeout bounds one operation of the browser. Its promise never settles if
// the connection is closed meanwhile.
const opTimeout = 15 * time.Second

var errTimeout = errors.New("the browser did not answer in time")

// browser is an RTCPeerConnection as held.go sees it. It goes through pion's
// JSValue where pion's own methods lose something: errors their name, candidates
// their mid and ufrag.
//
// It holds pion's methods and not pion's PeerConnection: a type in an interface
// drags all that can be reached from it into the program, and a sixth of the
// download with it.
type browser struct {
	signalingState              func() webrtc.SignalingState
	currentLocal, currentRemote func() *webrtc.SessionDescription

	hint
	looked    bool     // for what was wanted before we listened
	vain      bool     // the last offer said nothing new
	group     []string // BUNDLE, of the last remote description
	js        safejs.Value
	to        hooks
	listeners []listener
}

type listener struct {
	event string
	fn    safejs.Func
}

// PoliteConfiguration returns c. With a candidate pool Chromium (156) sometimes
// has no candidates for an answer and never connects.
func PoliteConfiguration(c webrtc.Configuration) webrtc.Configuration { return c }

// adapt has offers held as natively. A browser could roll back, but Chromium
// (156) loses data channels, header extensions and networks when it does.
func adapt(pc *webrtc.PeerConnection, polite bool, to hooks) (adapter, error) {
	b := &browser{
		signalingState: pc.SignalingState,
		currentLocal:   pc.CurrentLocalDescription,
		currentRemote:  pc.CurrentRemoteDescription,
		js:             safejs.Safe(pc.JSValue()),
		to:             to,
	}
	h := &held{pc: b, polite: polite, moves: true}
	err := errors.Join(
		h.adopt(b.past()),
		b.listen("negotiationneeded", func(safejs.Value) {
			b.fired()
			to.recheck()
		}),
		b.listen("icecandidate", b.localCandidate),
	)
	if err != nil {
		b.detach()
		return nil, fmt.Errorf("negotiation: attach to the RTCPeerConnection: %w", err)
	}
	return &page{h, b}, nil
}

// page is the adapter of a browser's RTCPeerConnection.
type page struct {
	*held
	b *browser
}

// needed implements [adapter]. Chromium (156) fires negotiationneeded for ever
// when a transceiver was stopped before its first offer, and then not for what
// comes later. So after an offer that said nothing new, look for ourselves.
func (p *page) needed() bool {
	if p.b.vain && !p.restart && p.SignalingState() == webrtc.SignalingStateStable {
		if !p.b.differsNow() {
			return false
		}
		p.b.fired()
	}
	return p.held.needed()
}

// flush makes a round trip to where negotiationneeded comes from: those that are
// due are here when it is back.
func (p *page) flush() { _, _ = p.b.await("getStats") }

func (p *page) detach() { p.b.detach() }

func (b *browser) listen(event string, f func(safejs.Value)) error {
	fn, err := safejs.FuncOf(func(_ safejs.Value, args []safejs.Value) any {
		f(args[0])
		return nil
	})
	if err != nil {
		return err
	}
	b.listeners = append(b.listeners, listener{event, fn})
	_, err = b.js.Call("addEventListener", event, fn)
	return err
}

func (b *browser) detach() {
	for _, l := range b.listeners {
		_, _ = b.js.Call("removeEventListener", l.event, l.fn)
		l.fn.Release()
	}
	b.listeners = nil
}

func (b *browser) SignalingState() webrtc.SignalingState { return b.signalingState() }

// NameSections implements [committed]: a browser takes the mids of a dropped
// offer back.
func (*browser) NameSections() error { return nil }

// CreateOffer implements [committed]. Chromium (156) keeps the header extension
// ids of an offer that was dropped, and then makes one that it refuses itself.
func (b *browser) CreateOffer(restart bool) (local, error) {
	offer, err := b.create("createOffer", map[string]any{"iceRestart": restart})
	if err != nil {
		return local{}, err
	}
	before := b.past()
	b.vain = !restart && !differs(offer, before)
	if before != nil {
		offer.RenumberExtensions(before.local.Sections())
	}
	offer.SetTag(before.answer().Bundle())
	return b.made(webrtc.SDPTypeOffer, offer), nil
}

func (b *browser) CreateAnswer() (local, error) {
	answer, err := b.create("createAnswer")
	if err != nil {
		return local{}, err
	}
	answer.SetTag(b.group)
	return b.made(webrtc.SDPTypeAnswer, answer), nil
}

// create has the browser make a description.
func (b *browser) create(method string, args ...any) (*sdp.Description, error) {
	made, err := b.await(method, args...)
	text, _ := stringOf(made, "sdp")
	return sdp.Parse(text), err
}

func (*browser) made(kind webrtc.SDPType, d *sdp.Description) local {
	return local{webrtc.SessionDescription{Type: kind, SDP: d.String()}, d}
}

// past returns what was negotiated last; nil: nothing.
func (b *browser) past() *past {
	local, remote := b.currentLocal(), b.currentRemote()
	if local == nil || remote == nil {
		return nil
	}
	return &past{sdp.Parse(local.SDP), sdp.Parse(remote.SDP), local.Type == webrtc.SDPTypeOffer}
}

func (b *browser) SetLocalDescription(d webrtc.SessionDescription) error {
	_, err := b.await("setLocalDescription", map[string]any{"type": d.Type.String(), "sdp": d.SDP})
	return err
}

// Look implements [committed]: a browser looks for itself before it changes anything.
func (b *browser) Look(kind webrtc.SDPType, remote *sdp.Description) (plan, error) {
	return browserPlan{b, webrtc.SessionDescription{Type: kind, SDP: remote.String()}, remote.Bundle()}, nil
}

// browserPlan is a remote description that a browser will be given.
type browserPlan struct {
	*browser
	remote webrtc.SessionDescription
	group  []string
}

func (browserPlan) empty() bool { return false }

func (to browserPlan) apply() error {
	before := to.SignalingState()
	_, err := to.await("setRemoteDescription", map[string]any{"type": to.remote.Type.String(), "sdp": to.remote.SDP})
	if err != nil && to.SignalingState() == before {
		return refused(err)
	}
	to.browser.group = to.group
	return err
}

func (b *browser) Superseded(err error) bool {
	return err != nil && strings.HasPrefix(err.Error(), "InvalidModificationError") && b.SignalingState() == webrtc.SignalingStateStable
}

// Commits implements [committed].
func (*browser) Commits([]sdp.Section) bool { return true }

// AddICECandidate implements [committed]. An empty one is end-of-candidates.
func (b *browser) AddICECandidate(c webrtc.ICECandidateInit) error {
	if c.Candidate == "" {
		_, err := b.await("addIceCandidate", nil)
		return err
	}
	init := map[string]any{"candidate": c.Candidate}
	if c.SDPMid != nil {
		init["sdpMid"] = *c.SDPMid
	}
	if c.SDPMLineIndex != nil {
		init["sdpMLineIndex"] = *c.SDPMLineIndex
	}
	if c.UsernameFragment != nil {
		init["usernameFragment"] = *c.UsernameFragment
	}
	_, err := b.await("addIceCandidate", init)
	return err
}

// Wants implements [committed]. What was fired before anybody listened is not
// fired again.
func (b *browser) Wants() []want {
	if !b.looked {
		b.looked = true
		if b.differsNow() {
			b.fired()
		}
	}
	return b.hint.Wants()
}

// differsNow reports whether an offer made now would say something else than was
// negotiated.
func (b *browser) differsNow() bool {
	offer, err := b.create("createOffer")
	return err == nil && differs(offer, b.past())
}

// differs reports whether an offer says something else than was negotiated. What an
// answer did not say because it was not offered is nothing else.
// https://www.w3.org/TR/webrtc/#dfn-check-if-negotiation-is-needed
func differs(offer *sdp.Description, before *past) bool {
	if before == nil {
		return len(offer.Media) > 0
	}
	var offered []sdp.Section
	if !before.offered {
		offered = before.remote.Sections()
	}
	return !slices.Equal(outline(offer, offered), outline(before.local, nil))
}

// outline returns what of each section makes an offer needed, as far as an answer
// to those offered may say it.
func outline(d *sdp.Description, offered []sdp.Section) []string {
	var list []string
	for i, m := range d.Media {
		direction := m.Direction
		if i < len(offered) {
			direction &= offered[i].Direction.Reversed()
		}
		list = append(list, m.Kind, strconv.FormatBool(m.Rejected), direction.String())
		if direction&sdp.Sendonly != 0 {
			list = append(list, m.Values("msid")...)
		}
	}
	return list
}

// localCandidate reads what pion's ToJSON loses.
func (b *browser) localCandidate(event safejs.Value) {
	candidate, err := event.Get("candidate")
	if err != nil {
		return
	}
	if candidate.IsNull() || candidate.IsUndefined() {
		b.to.enqueue(func() { b.to.candidate(nil) })
		return
	}
	text, _ := stringOf(candidate, "candidate")
	init := webrtc.ICECandidateInit{Candidate: text}
	if mid, ok := stringOf(candidate, "sdpMid"); ok {
		init.SDPMid = &mid
	}
	if ufrag, ok := stringOf(candidate, "usernameFragment"); ok {
		init.UsernameFragment = &ufrag
	}
	if v, err := candidate.Get("sdpMLineIndex"); err == nil && v.Type() == safejs.TypeNumber {
		n, _ := v.Int()
		index := uint16(n)
		init.SDPMLineIndex = &index
	}
	b.to.enqueue(func() { b.to.candidate(&init) })
}

func stringOf(object safejs.Value, property string) (string, bool) {
	v, err := object.Get(property)
	if err != nil || v.Type() != safejs.TypeString {
		return "", false
	}
	s, err := v.String()
	return s, err == nil
}

// await calls a method that returns a promise and waits for it. An error starts
// with the DOMException's name.
func (b *browser) await(method string, args ...any) (safejs.Value, error) {
	p, err := b.js.Call(method, args...)
	if err != nil {
		return safejs.Undefined(), err
	}
	timeout := time.NewTimer(opTimeout)
	defer timeout.Stop()
	select {
	case r := <-promise.Settled(p):
		return r.Value, r.Err
	case <-b.to.stop:
		return safejs.Undefined(), ErrClosed
	case <-timeout.C:
		return safejs.Undefined(), fmt.Errorf("%s: %w", method, errTimeout)
	}
}

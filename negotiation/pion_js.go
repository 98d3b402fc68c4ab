package negotiation

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/hack-pad/safejs"
	"github.com/pion/webrtc/v4"
)

const (
	// opTimeout bounds one operation of the browser. Its promise never settles if
	// the connection is closed meanwhile.
	opTimeout = 15 * time.Second
	// networksTimeout bounds the wait for the first sign of gathering, which may
	// take long where only relayed candidates are allowed.
	networksTimeout = 3 * time.Second
)

var errTimeout = errors.New("the browser did not answer in time")

// browser is an RTCPeerConnection as hinted.go sees it. It goes through pion's
// JSValue where pion's own methods lose something: errors their name, candidates
// their mid and ufrag.
//
// It holds pion's methods and not pion's PeerConnection: a type in an interface
// drags all that can be reached from it into the program, and a sixth of the
// download with it.
type browser struct {
	signalingState     func() webrtc.SignalingState
	localDescription   func() *webrtc.SessionDescription
	currentDescription func() *webrtc.SessionDescription
	remoteDescription  func() *webrtc.SessionDescription

	js        safejs.Value
	to        hooks
	networks  chan struct{} // closed with the first sign that networks are known
	once      sync.Once     // closes networks
	listeners []listener
}

type listener struct {
	event string
	fn    safejs.Func
}

// PoliteConfiguration returns c: a browser does not hold its offers back. With a
// pool Chromium (156) sometimes has no candidates for an answer and never
// connects.
func PoliteConfiguration(c webrtc.Configuration) webrtc.Configuration { return c }

func adapt(pc *webrtc.PeerConnection, _ bool, to hooks) (adapter, error) {
	b := &browser{
		signalingState:     pc.SignalingState,
		localDescription:   pc.LocalDescription,
		currentDescription: pc.CurrentLocalDescription,
		remoteDescription:  pc.RemoteDescription,
		js:                 safejs.Safe(pc.JSValue()),
		to:                 to,
		networks:           make(chan struct{}),
	}
	h := &hinted{pc: b}
	err := errors.Join(
		b.listen("negotiationneeded", func(safejs.Value) {
			h.fired()
			to.recheck()
		}),
		b.listen("icecandidate", b.localCandidate),
		b.listen("icecandidateerror", func(safejs.Value) { b.gathered() }),
	)
	if err != nil {
		b.detach()
		return nil, fmt.Errorf("negotiation: listen to the RTCPeerConnection: %w", err)
	}
	return &page{h, b}, nil
}

// page is the adapter of a browser's RTCPeerConnection.
type page struct {
	*hinted
	b *browser
}

// flush lets the tasks run that the browser has queued so far, of which
// negotiationneeded may be one.
func (*page) flush() { time.Sleep(time.Millisecond) }

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

func (b *browser) SetLocalDescription() (webrtc.SessionDescription, error) {
	if _, err := b.await("setLocalDescription"); err != nil {
		return webrtc.SessionDescription{}, err
	}
	d := b.localDescription()
	if d == nil {
		return webrtc.SessionDescription{}, ErrClosed
	}
	return *d, nil
}

func (b *browser) SetRemoteDescription(d webrtc.SessionDescription) error {
	if d.Type == webrtc.SDPTypeOffer && b.SignalingState() == webrtc.SignalingStateHaveLocalOffer && b.currentDescription() == nil {
		b.awaitNetworks()
	}
	_, err := b.await("setRemoteDescription", map[string]any{"type": d.Type.String(), "sdp": d.SDP})
	return err
}

// awaitNetworks waits until a first offer may be rolled back. Chromium (156)
// tells a connection of its networks once; if at that moment the transport of
// the first offer has been rolled back and the next is not there yet, nobody
// hears it, and the connection never gathers, not even after an ICE restart.
func (b *browser) awaitNetworks() {
	timeout := time.NewTimer(networksTimeout)
	defer timeout.Stop()
	select {
	case <-b.networks:
	case <-b.to.stop:
	case <-timeout.C:
	}
}

func (b *browser) gathered() { b.once.Do(func() { close(b.networks) }) }

func (b *browser) AddICECandidate(c *webrtc.ICECandidateInit) error {
	if b.remoteDescription() == nil {
		return ErrNoRemoteDescription
	}
	if c == nil {
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
	// Both Chromium and Firefox say so when no section has the candidate's ufrag.
	if err != nil && strings.HasPrefix(err.Error(), "OperationError") && candidateUfrag(*c) != "" && !b.remoteHas(candidateUfrag(*c)) {
		return ErrUnknownUfrag
	}
	return err
}

func (b *browser) remoteHas(ufrag string) bool {
	d := b.remoteDescription()
	return d != nil && strings.Contains(d.SDP, "a=ice-ufrag:"+ufrag+"\r\n")
}

func (b *browser) RestartICE() { _, _ = b.js.Call("restartIce") }

// Differs implements [rolling]. In a browser createOffer has no effect of its own.
func (b *browser) Differs() bool {
	offer, err := b.await("createOffer")
	if err != nil {
		return false
	}
	text, _ := stringOf(offer, "sdp")
	var before string
	if d := b.currentDescription(); d != nil {
		before = d.SDP
	}
	return !slices.Equal(outline(text), outline(before))
}

// outline returns what of each section makes an offer needed.
func outline(text string) []string {
	var lines []string
	for line := range strings.Lines(text) {
		switch line = strings.TrimSpace(line); {
		case strings.HasPrefix(line, "m="):
			line, _, _ = strings.Cut(line, " ")
			lines = append(lines, line)
		case line == "a=sendrecv", line == "a=sendonly", line == "a=recvonly", line == "a=inactive", strings.HasPrefix(line, "a=msid:"):
			lines = append(lines, line)
		}
	}
	return lines
}

// localCandidate reads what pion's ToJSON loses.
func (b *browser) localCandidate(event safejs.Value) {
	b.gathered()
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
	type result struct {
		value safejs.Value
		err   error
	}
	results := make(chan result, 1)
	var resolve, reject safejs.Func
	// A promise may settle after it was given up, so they release themselves.
	settle := func(r result) any {
		resolve.Release()
		reject.Release()
		results <- r
		return nil
	}
	resolve, err := safejs.FuncOf(func(_ safejs.Value, args []safejs.Value) any {
		return settle(result{value: append(args, safejs.Undefined())[0]})
	})
	if err != nil {
		return safejs.Undefined(), err
	}
	reject, err = safejs.FuncOf(func(_ safejs.Value, args []safejs.Value) any {
		return settle(result{err: exception(args)})
	})
	if err != nil {
		resolve.Release()
		return safejs.Undefined(), err
	}
	promise, err := b.js.Call(method, args...)
	if err == nil {
		_, err = promise.Call("then", resolve, reject)
	}
	if err != nil {
		settle(result{})
		return safejs.Undefined(), err
	}
	timeout := time.NewTimer(opTimeout)
	defer timeout.Stop()
	select {
	case r := <-results:
		return r.value, r.err
	case <-b.to.stop:
		return safejs.Undefined(), ErrClosed
	case <-timeout.C:
		return safejs.Undefined(), fmt.Errorf("%s: %w", method, errTimeout)
	}
}

// exception makes an error of what a promise was rejected with.
func exception(args []safejs.Value) error {
	if len(args) == 0 {
		return errors.New("rejected")
	}
	name, _ := stringOf(args[0], "name")
	message, _ := stringOf(args[0], "message")
	if name == "" {
		name, _ = args[0].String()
	}
	return fmt.Errorf("%s: %s", name, message)
}

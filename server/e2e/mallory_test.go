package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation/peer"
	"perfect-negotiation/negotiation/signaling"
	"perfect-negotiation/negotiation/signaling/wire"
	"perfect-negotiation/negotiation/trace"
)

// mallory is a hostile member of a room.
type mallory struct {
	t      *testing.T
	ws     *websocket.Conn
	pc     *webrtc.PeerConnection
	to     string // id of the victim
	theirs string // its session
	heard  uint64 // Seq of the last message received
	seq    int    // Seq of the last message sent
	frames chan signaling.Envelope
}

const mallorysSession = "0badc0de"

// newMallory joins a room, with a role or a rank, meets the peers in it, and attacks
// the one with the id.
func newMallory(t *testing.T, w *world, query, id string) *mallory {
	t.Helper()
	url := strings.Replace(w.url, "http", "ws", 1) + "/ws?" + query
	dialer := websocket.Dialer{Subprotocols: []string{wire.Subprotocol, wire.KeyPrefix + signaling.NewKey()}}
	ws, _, err := dialer.Dial(url, http.Header{})
	if err != nil {
		t.Fatal(err)
	}
	m := &mallory{t: t, ws: ws, to: id, frames: make(chan signaling.Envelope, 1024)}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			_, frame, err := ws.ReadMessage()
			if err != nil {
				return
			}
			var e signaling.Envelope
			if err := e.UnmarshalJSON(frame); err != nil {
				t.Error(err)
			}
			m.frames <- e
		}
	}()
	t.Cleanup(func() {
		_ = ws.Close()
		<-ended
	})
	m.next("the hello", func(e signaling.Envelope) bool {
		if e.From == id && e.Hello != nil {
			m.theirs = e.Session
		}
		return m.theirs != ""
	})
	m.bind()

	m.pc, err = peer.NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.pc.Close() })
	if _, err := m.pc.CreateDataChannel("mallory", nil); err != nil {
		t.Fatal(err)
	}
	return m
}

// bind greets the victim until it is bound to this session: the victim may have
// started too many pairings just before.
func (m *mallory) bind() {
	m.t.Helper()
	again, timeout := time.NewTicker(patience/50), time.After(patience)
	defer again.Stop()
	greet := func() { m.send(`{"hello":{"source":"none of yours"}}`) }
	greet()
	for {
		select {
		case e := <-m.frames:
			switch {
			case e.From != m.to:
			case e.PeerSession == mallorysSession && e.Bound:
				m.frames <- e // it may contain a message
				return
			case e.Hello != nil:
				m.theirs = e.Session
			}
		case <-again.C:
			greet()
		case <-timeout:
			m.t.Fatal("the victim is not bound")
		}
	}
}

// visit has a mallory join a room of the victim with a role, and leave again.
func visit(t *testing.T, w *world, role string, victim member, name string, do func(*mallory)) {
	t.Helper()
	opposite := map[string]string{"polite": "impolite", "impolite": "polite"}[role]
	left := victim.count(trace.PeerLeft)
	came := false // skipped by -run or -failfast
	t.Run(name, func(t *testing.T) {
		came = true
		do(newMallory(t, w, "rank=0&room="+demoRoom+"&role="+opposite, victim.id()))
	})
	if !came {
		return
	}
	await(t, "mallory is gone", func() bool { return victim.count(trace.PeerLeft) > left }, victim)
}

// send sends an object to the victim, in the name of mallory's session.
func (m *mallory) send(object string) {
	m.t.Helper()
	head := fmt.Sprintf(`{"to":%q,"s":%q,`, m.to, mallorysSession)
	switch {
	case strings.HasPrefix(object, `{"r"`):
	case strings.HasPrefix(object, `{"hello"`):
		head += fmt.Sprintf(`"r":%q,`, m.theirs)
	default:
		m.seq++
		head += fmt.Sprintf(`"r":%q,"ack":0,"seq":%d,`, m.theirs, m.seq)
	}
	frame := head + object[1:]
	if err := m.ws.WriteMessage(websocket.TextMessage, []byte(frame)); err != nil {
		m.t.Fatal(err)
	}
}

func (m *mallory) next(what string, ok func(signaling.Envelope) bool) signaling.Envelope {
	m.t.Helper()
	timeout := time.After(patience)
	for {
		select {
		case e := <-m.frames:
			if e.Seq != 0 && e.Seq <= m.heard {
				continue // again, because we acknowledge nothing
			}
			m.heard = max(m.heard, e.Seq)
			if ok(e) {
				return e
			}
		case <-timeout:
			m.t.Fatalf("%s did not come", what)
		}
	}
}

func description(kind, sdp string) string {
	text, _ := json.Marshal(map[string]any{"description": map[string]string{"type": kind, "sdp": sdp}})
	return string(text)
}

// offer makes a good offer.
func (m *mallory) offer() string {
	m.t.Helper()
	d, err := m.pc.CreateOffer(nil)
	if err != nil {
		m.t.Fatal(err)
	}
	return d.SDP
}

// goodOffer makes an exchange that must work after any input.
func (m *mallory) goodOffer() {
	m.t.Helper()
	d, err := m.pc.CreateOffer(nil)
	if err != nil {
		m.t.Fatal(err)
	}
	if err := m.pc.SetLocalDescription(d); err != nil {
		m.t.Fatal(err)
	}
	m.send(description("offer", d.SDP))
	if err := m.pc.SetRemoteDescription(m.nextDescription(webrtc.SDPTypeAnswer)); err != nil {
		m.t.Error(err)
	}
}

// nextDescription waits for one of the victim's.
func (m *mallory) nextDescription(kind webrtc.SDPType) webrtc.SessionDescription {
	m.t.Helper()
	return *m.next("the "+kind.String(), func(e signaling.Envelope) bool {
		return e.From == m.to && e.Message != nil && e.Message.Description != nil && e.Message.Description.Type == kind
	}).Message.Description
}

// goodAnswer answers the victim's next offer, and returns how.
func (m *mallory) goodAnswer() string {
	m.t.Helper()
	if err := m.pc.SetRemoteDescription(m.nextDescription(webrtc.SDPTypeOffer)); err != nil {
		m.t.Fatal(err)
	}
	d, err := m.pc.CreateAnswer(nil)
	if err != nil {
		m.t.Fatal(err)
	}
	if err := m.pc.SetLocalDescription(d); err != nil {
		m.t.Fatal(err)
	}
	m.send(description("answer", d.SDP))
	return d.SDP
}

// without removes the lines that begin with these prefixes.
func without(prefix string) func(sdp string) string {
	return func(sdp string) string {
		var kept []string
		for line := range strings.Lines(sdp) {
			if !strings.HasPrefix(line, prefix) {
				kept = append(kept, line)
			}
		}
		return strings.Join(kept, "")
	}
}

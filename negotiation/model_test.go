package negotiation

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation/internal/held"
	"perfect-negotiation/negotiation/internal/sdp"
)

// The models are PeerConnections without a network: what JSEP (RFC 8829) and the
// W3C specification say of states, sections, directions, credentials and the
// negotiation-needed flag, and nothing else. A model is a plain value that can be
// copied, so that a test can walk every order of events.
//
// TestModelsAreHonest compares them with the connections that they stand for.
// What they leave out: codecs, header extensions, simulcast, stopped transceivers
// whose section is used again, pranswer, and more than one transport.

var (
	errState      = errors.New("wrong state")
	errNotTheLast = errors.New("not the last offer")
	errMatch      = errors.New("model: the description does not continue what was negotiated")
	errNewRole    = errors.New("model: the DTLS role would change") // Chromium: Failed to set SSL role for the transport
)

// outside is what happens around a model while it works.
type outside interface {
	// within is called while an operation is pending. An error makes it fail.
	within(operation string) error
	// task says that the connection has queued the task that updates its
	// negotiation-needed flag.
	task()
	// needed is the event negotiationneeded.
	needed()
	// gathered says that there is a candidate with this ufrag.
	gathered(ufrag string)
}

// line is one section of a description.
type line struct {
	kind string
	mid  string
	dir  sdp.Direction // of media
}

// description is what the models look at in SDP.
type description struct {
	ufrag string
	setup string // active or passive, or actpass
	lines []line

	outline string // of one that was read, for people
}

func (d description) at(mid string) (line, bool) {
	i := slices.IndexFunc(d.lines, func(l line) bool { return l.mid == mid })
	if i < 0 {
		return line{}, false
	}
	return d.lines[i], true
}

func (d description) data() bool {
	return slices.ContainsFunc(d.lines, func(l line) bool { return l.kind == "application" })
}

func (d description) text() string {
	text := "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=group:BUNDLE"
	for _, l := range d.lines {
		text += " " + l.mid
	}
	text += "\r\na=setup:" + d.setup + "\r\na=ice-ufrag:" + d.ufrag + transport
	for _, l := range d.lines {
		if l.kind == "application" {
			text += "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:" + l.mid + "\r\n"
		} else {
			text += "m=" + l.kind + " 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:" + l.mid + "\r\na=" + l.dir.String() + "\r\n"
		}
	}
	return text
}

var transport = "\r\na=ice-pwd:" + strings.Repeat("p", 22) + "\r\na=fingerprint:sha-256 AB" + strings.Repeat(":AB", 31) + "\r\n"

// descriptions are those read before: the same few come again and again.
var descriptions sync.Map

// read reads a description, of a model or of a real connection.
func read(text string) description {
	if d, ok := descriptions.Load(text); ok {
		return d.(description)
	}
	parsed := sdp.Parse(text)
	d := description{ufrag: parsed.Ufrag(), setup: parsed.Setup(), outline: parsed.Ufrag()}
	for _, s := range parsed.Sections() {
		d.lines = append(d.lines, line{s.Kind, s.Mid, s.Direction})
		d.outline += " " + s.Mid + ":" + s.Kind
		if s.Kind != "application" {
			d.outline += "/" + s.Direction.String()
		}
	}
	descriptions.Store(text, d)
	return d
}

// transceiver is an RTCRtpTransceiver.
type transceiver struct {
	kind    string
	mid     string // empty: not associated with a section
	dir     sdp.Direction
	byTrack bool // made by addTrack: a remote offer may use it
	track   bool // its sender has one

	negotiated sdp.Direction // the current direction; inactive also before there is one
	sent       bool          // it has been one that sends
}

// exchange is a pair of descriptions.
type exchange struct {
	local, remote string
	offered       bool // by us
}

// common is what both models have.
type common struct {
	outside      outside
	state        webrtc.SignalingState
	current      exchange // current descriptions; empty before the first exchange
	pending      exchange
	transceivers []transceiver
	channel      bool // a data channel was made here
	credentials  int  // how many were made
	name         string
	role         string   // DTLS, from the first exchange on
	heard        []string // ufrags of candidates
	misled       bool     // by a candidate of another generation
}

func (c *common) SignalingState() webrtc.SignalingState { return c.state }

func (c *common) Commits([]sdp.Section) bool { return true }

// made is a description that a model has made.
func made(kind webrtc.SDPType, text string) held.Local {
	return held.Local{Made: webrtc.SessionDescription{Type: kind, SDP: text}, Wire: sdp.Parse(text)}
}

// applying is the plan of a model: to set the description.
type applying struct {
	set    func(webrtc.SessionDescription) error
	remote webrtc.SessionDescription
}

func planned(set func(webrtc.SessionDescription) error, kind webrtc.SDPType, remote *sdp.Description) (held.Plan, error) {
	return applying{set, webrtc.SessionDescription{Type: kind, SDP: remote.String()}}, nil
}

func (applying) Empty() bool    { return false }
func (s applying) Apply() error { return s.set(s.remote) }

func (c *common) find(mid string) *transceiver {
	for i := range c.transceivers {
		if c.transceivers[i].mid == mid {
			return &c.transceivers[i]
		}
	}
	return nil
}

func (c *common) freshUfrag() string {
	c.credentials++
	return c.name + "ufrag" + strconv.Itoa(c.credentials)
}

// restarted reports whether the remote offer restarts ICE.
func (c *common) restarted() bool {
	return c.current.remote != "" && read(c.current.remote).ufrag != read(c.pending.remote).ufrag
}

// complete ends an exchange: its descriptions are the current ones.
func (c *common) complete(answer description) error {
	mine := answer.setup
	if c.pending.offered {
		mine = map[string]string{"active": "passive", "passive": "active"}[answer.setup]
	}
	if c.role != "" && mine != c.role {
		return errNewRole
	}
	c.role = mine
	for i := range c.transceivers {
		t := &c.transceivers[i]
		if l, ok := answer.at(t.mid); ok {
			t.negotiated = l.dir
			if c.pending.offered {
				t.negotiated = l.dir.Reversed()
			}
			t.sent = t.sent || t.negotiated&sdp.Sendonly != 0
		}
	}
	c.current, c.pending = c.pending, exchange{}
	c.state = webrtc.SignalingStateStable
	return nil
}

// continues reports whether each section of before is still in its place.
func continues(before, d description) bool {
	if len(d.lines) < len(before.lines) {
		return false
	}
	for i, l := range before.lines {
		if d.lines[i].mid != l.mid || d.lines[i].kind != l.kind {
			return false
		}
	}
	return true
}

// answers reports whether d answers offer.
func answers(offer, d description) bool {
	return len(offer.lines) == len(d.lines) && continues(offer, d)
}

// AddICECandidate takes a candidate of any generation, as pion and Chromium do.
func (c *common) AddICECandidate(candidate webrtc.ICECandidateInit) error {
	ufrag := candidateUfrag(candidate)
	switch {
	case c.state == webrtc.SignalingStateClosed:
		return ErrClosed
	case c.current.remote == "" && c.pending.remote == "":
		return ErrNoRemoteDescription
	case ufrag != read(c.current.remote).ufrag && ufrag != read(c.pending.remote).ufrag:
		c.misled = true
	}
	if !slices.Contains(c.heard, ufrag) {
		c.heard = append(c.heard, ufrag)
	}
	return nil
}

// changes are what an application can do that needs an offer. A track is audio.
var changes = []string{"channel", "audio", "video", "track", "remove"}

// remove stops sending on the first transceiver of which that can be asked.
func (c *common) remove(asked func(transceiver) bool) {
	if i := slices.IndexFunc(c.transceivers, asked); i >= 0 {
		c.transceivers[i].dir &= sdp.Recvonly
		c.transceivers[i].track = false
	}
}

func candidateUfrag(c webrtc.ICECandidateInit) string {
	if c.UsernameFragment == nil {
		return ""
	}
	return *c.UsernameFragment
}

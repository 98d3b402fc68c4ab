package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"perfect-negotiation/negotiation/trace"
)

// stackModules is where make test-stacks installs the packages of npm.
const stackModules = "../../bin/stacks/node_modules"

// stack is an implementation of WebRTC that is neither pion nor a browser's. It is driven by
// a program in testdata/stacks.
type stack struct {
	name    string
	command []string
	raw     bool // its pictures cannot be decoded: it has no codecs
}

var stacks = []stack{
	{"libwebrtc", []string{"node", "wrtc.cjs"}, false},
	{"werift", []string{"node", "werift.cjs"}, true},
	{"libdatachannel", []string{"node", "libdatachannel.cjs"}, true},
	{"aiortc", []string{"/usr/bin/python3", "aiortc_page.py"}, false},
	{"webrtcbin", []string{"/usr/bin/python3", "gstreamer_page.py"}, false},
}

// limit is what cannot work with a stack, and the cause there. The test fails when it works.
type limit struct {
	stack, scenario string
	ours            string // native or tab; empty: both
	role            string // of the stack; empty: in both
	says            string // how the scenario ends; alternatives with | between them
	why             string
	then            func(m *meeting) // what works all the same
}

var limits = []limit{
	{
		stack: "libwebrtc", scenario: "first offers collide, with media", role: "polite",
		says: "the answer rejects what pion has offered for good",
		why:  "rolled back, it remembers the section that its data channel had, and rejects another one in its answer",
	},
	{
		stack: "werift", scenario: "first offers collide, with media", role: "polite",
		says: `media section 0 has the mid "2" in the answer, "0" in the offer`,
		why:  "rolled back, it remembers the section that its data channel had, and names it in its answer",
	},
	{stack: "werift", scenario: "it hangs up and calls again", ours: "tab", says: notOpen, why: oneCertificate}, // natively the end of DTLS tells
	{
		stack: "libdatachannel", scenario: "it restarts ICE",
		says: "restartIce is not a function",
		why:  "it cannot restart ICE",
	},
	{
		stack: "libdatachannel", scenario: "we restart ICE",
		says: "Invalid ICE settings from remote SDP",
		why:  "it cannot restart ICE; both go on with a new connection",
		then: (*meeting).startsOver,
	},
	{
		stack: "libdatachannel", scenario: "it calls with media, then we send ours", ours: "tab",
		says: notOpen,
		why:  "it does not come to an end with Chromium's answer to an offer that adds data to its media",
	},
	{
		stack: "aiortc", scenario: "it restarts ICE",
		says: "no attribute 'restartIce'",
		why:  "it cannot restart ICE",
	},
	{
		stack: "aiortc", scenario: "we restart ICE",
		says: "The other side does not restart ICE",
		why:  "it answers with its old credentials; both go on with a new connection",
		then: (*meeting).startsOver,
	},
	{
		stack: "aiortc", scenario: "we call with media, then it sends its own", ours: "native",
		says: "it receives our audio",
		why:  "it does not begin with media that come into its description while DTLS connects, before the next exchange",
	},
	{stack: "aiortc", scenario: "first offers collide", role: "polite", says: aiortcRollback, why: noRollback},
	{stack: "aiortc", scenario: "first offers collide, with media", role: "polite", says: aiortcRollback, why: noRollback},
	{stack: "aiortc", scenario: "offers collide later", role: "polite", says: aiortcRollback, why: noRollback},
	{stack: "aiortc", scenario: "tracks of both collide", role: "polite", says: aiortcRollback, why: noRollback},
	{stack: "aiortc", scenario: "it calls with media, then we send ours", ours: "tab", says: aiortcExtensions, why: sameNumbers},
	{stack: "aiortc", scenario: "we call with media, then it sends its own", ours: "tab", says: aiortcExtensions, why: sameNumbers},
	{stack: "webrtcbin", scenario: "first offers collide", role: "polite", says: webrtcbinRollback, why: noRollback},
	{stack: "webrtcbin", scenario: "first offers collide, with media", role: "polite", says: webrtcbinRollback, why: noRollback},
	{stack: "webrtcbin", scenario: "offers collide later", role: "polite", says: webrtcbinRollback, why: noRollback},
	{stack: "webrtcbin", scenario: "tracks of both collide", role: "polite", says: webrtcbinRollback, why: noRollback},
	{
		stack: "webrtcbin", scenario: "it restarts ICE",
		says: "has the credentials from before",
		why:  "it cannot restart ICE",
	},
	{
		stack: "webrtcbin", scenario: "we restart ICE", ours: "native",
		says: "The other side does not restart ICE",
		why:  "it answers with its old credentials; both go on with a new connection",
		then: (*meeting).startsOver,
	},
	{stack: "webrtcbin", scenario: "it calls with media, then we send ours", says: webrtcbinDirection, why: noDirection},
	{stack: "webrtcbin", scenario: "it sends media later, then we", says: webrtcbinDirection, why: noDirection},
	{stack: "webrtcbin", scenario: "first offers collide, with media", role: "impolite", says: webrtcbinDirection, why: noDirection},
	{
		stack: "webrtcbin", scenario: "we call with media, then it sends its own",
		says: webrtcbinReuse + "|" + notOpen,
		why:  noReuse + "; with media and data at once, it may not even connect, and with Chromium never does",
	},
	{stack: "webrtcbin", scenario: "we send media later, then it", says: webrtcbinReuse, why: noReuse},
	{stack: "webrtcbin", scenario: "it hangs up and calls again", says: notOpen, why: oneCertificate},
	{stack: "webrtcbin", scenario: "we restart ICE", ours: "tab", says: otherRole, why: rolesChange},
	{stack: "webrtcbin", scenario: "offers collide later", ours: "tab", role: "impolite", says: otherRole, why: rolesChange},
}

const (
	noRollback        = "it has no rollback"
	aiortcRollback    = `Cannot handle offer in signaling state "have-local-offer"`
	webrtcbinRollback = "Not in the correct state (have-local-offer) for setting local rollback description"

	// Chromium refuses such an offer; aiortc, if it is polite, then does not take ours instead.
	sameNumbers      = "its offers give an id to one header extension of audio and to another one of video"
	aiortcExtensions = "codec collision for header extension|" + aiortcRollback

	noDirection        = "no section may change its direction"
	webrtcbinDirection = "transceiver direction changes are not implemented"

	noReuse        = "it sends nothing in a section that it has answered without a track"
	webrtcbinReuse = "Could not reuse transceiver"

	oneCertificate = "its connections share one certificate: that another one calls cannot be told from an ICE restart"
	notOpen        = "not in time: a channel is open"

	rolesChange = "having offered first, it answers with the other DTLS role than it has, against RFC 8842 5.3"
	otherRole   = "Failed to set SSL role for the transport"
)

func (l limit) applies(stack, scenario, ours, role string) bool {
	return l.stack == stack && l.scenario == scenario && (l.ours == "" || l.ours == ours) && (l.role == "" || l.role == role)
}

// scenarios are what each stack goes through, in both roles.
var scenarios = []struct {
	name string
	tabs bool // with a tab, too, not with a native peer alone
	run  func(m *meeting)
}{
	{"it calls", true, func(m *meeting) {
		m.connectedBy(m.itCalls)
	}},
	{"we call", true, func(m *meeting) {
		m.connectedBy(m.ours.connect)
	}},
	{"it calls with media, then we send ours", true, func(m *meeting) {
		m.itSends()
		m.connectedBy(m.itCalls)
		m.itIsReceived()
		m.weSend()
		m.weAreReceived()
	}},
	{"we call with media, then it sends its own", true, func(m *meeting) {
		m.weSend()
		m.connectedBy(m.ours.connect)
		m.weAreReceived()
		m.itSends()
		m.itIsReceived()
	}},
	{"it sends media later, then we", false, func(m *meeting) {
		m.connectedBy(m.itCalls)
		m.itSends()
		m.itIsReceived()
		m.weSend()
		m.weAreReceived()
	}},
	{"we send media later, then it", false, func(m *meeting) {
		m.connectedBy(m.ours.connect)
		m.weSend()
		m.weAreReceived()
		m.itSends()
		m.itIsReceived()
	}},
	{"first offers collide", true, func(m *meeting) {
		m.connectedBy(func() { m.collide(m.ours.connect, m.itCalls) })
	}},
	{"offers collide later", true, func(m *meeting) {
		m.connectedBy(m.itCalls)
		for range 3 {
			m.collide(m.ours.renegotiate, func() { m.it.do("renegotiate") })
			m.chats()
		}
	}},
	{"tracks of both collide", false, func(m *meeting) {
		m.connectedBy(m.itCalls)
		m.collide(m.weSend, m.itSends)
		m.weAreReceived()
		m.itIsReceived()
	}},
	{"first offers collide, with media", false, func(m *meeting) {
		m.connectedBy(func() {
			m.collide(m.ours.connect, func() { m.itSends(); m.itCalls() })
		})
		m.weSend()
		m.weAreReceived()
		m.itIsReceived()
	}},
	{"it restarts ICE", true, func(m *meeting) {
		m.connectedBy(m.itCalls)
		m.restartsBy(func() { m.it.do("restart") })
	}},
	{"we restart ICE", true, func(m *meeting) {
		m.connectedBy(m.itCalls)
		m.restartsBy(m.ours.restart)
	}},
	{"it hangs up and calls again", true, func(m *meeting) {
		for range 3 {
			m.connectedBy(m.itCalls)
			m.it.do("hang up")
		}
	}},
}

// TestStacks has a native peer and a tab meet other implementations of WebRTC, through the
// relay.
func TestStacks(t *testing.T) {
	if os.Getenv("PN_STACKS") == "" {
		t.Skip("needs other stacks: make test-stacks")
	}
	for _, stack := range stacks {
		for _, ours := range []string{"native", "tab"} {
			for _, scenario := range scenarios {
				if ours == "tab" && !scenario.tabs {
					continue
				}
				for _, role := range []string{"polite", "impolite"} {
					t.Run(strings.Join([]string{stack.name, ours, scenario.name, role}, "/"), func(t *testing.T) {
						t.Parallel()
						m := newMeeting(t, stack, ours, role)
						scenario.run(m)
						m.check()
						for _, l := range limits {
							if l.applies(stack.name, scenario.name, ours, role) {
								m.meets(l)
								return
							}
						}
						if m.failure != "" {
							t.Errorf("%s\n%s", m.failure, m.log())
						}
					})
				}
			}
		}
	}
}

// meets looks whether the scenario has ended as the limit says.
func (m *meeting) meets(l limit) {
	switch {
	case m.failure == "":
		m.t.Errorf("it works, so this is no limit any more: %s", l.why)
	case !slices.ContainsFunc(strings.Split(l.says, "|"), func(s string) bool { return strings.Contains(m.failure, s) }):
		m.t.Errorf("it fails, but not with %q: %s\n%s", l.says, m.failure, m.log())
	default:
		m.t.Logf("limit of %s: %s", l.stack, l.why)
	}
	if m.failure == "" || l.then == nil {
		return
	}
	m.failure, m.forgives = "", true
	l.then(m)
	if m.failure != "" {
		m.t.Errorf("after that: %s\n%s", m.failure, m.log())
	}
}

// meeting is one of our peers and another stack in one room.
type meeting struct {
	t        *testing.T
	ours     ours
	it       *other
	lines    int
	kinds    []string // of what we send
	failure  string   // the first; what comes after it is not waited for
	forgives bool     // what either side says
}

// ours is a native peer or a tab.
type ours interface {
	player
	restart()
	sends() (kinds []string) // sound and pictures
	canSay(line string) bool // and then it has
	packets(kind string) int // that came
}

func (m *mediaNative) sends() []string {
	m.play(true)
	return []string{"audio", "video"}
}

func (m *mediaNative) canSay(line string) bool { return m.p.Say("", line) == nil }

func (m *mediaNative) packets(kind string) int {
	if kind == "audio" {
		return m.sounds()
	}
	return m.pictures()
}

// sends shows the pattern alone: a page switches its sources on one by one.
func (m *mediaTab) sends() []string {
	m.play(true)
	return []string{"video"}
}

func (m *mediaTab) canSay(line string) bool {
	can := m.canSend()
	if can {
		m.say(line)
	}
	return can
}

func (m *mediaTab) packets(kind string) int { return m.inbound(kind, "packetsReceived") }

func newMeeting(t *testing.T, with stack, which, role string) *meeting {
	t.Helper()
	w := newWorld(t)
	w.newConnection = nil // those that a Peer makes itself, with all that helps with other stacks
	m := &meeting{t: t}
	if which == "tab" {
		m.ours = w.mediaTab(map[string]string{"polite": "/impolite", "impolite": "/polite"}[role])
	} else {
		m.ours = w.mediaNative(demoRoom, "")
	}
	m.it = newOther(t, with, strings.Replace(w.url, "http", "ws", 1)+"/ws?room="+demoRoom+"&role="+role)
	m.until("they have met", func() bool { return m.ours.count(trace.Paired) > 0 })
	return m
}

// until waits until ok, unless something has failed.
func (m *meeting) until(what string, ok func() bool) {
	begin := time.Now()
	for {
		if m.check(); m.failure != "" || ok() {
			return
		}
		waited := time.Since(begin)
		if waited > patience {
			m.failure = "not in time: " + what
		}
		time.Sleep(min(10*time.Millisecond+waited/20, 100*time.Millisecond)) // as within does
	}
}

// check notes what either side says that is not as it should be.
func (m *meeting) check() {
	if m.failure != "" || m.forgives {
		return
	}
	if lines := m.it.values("error"); len(lines) > 0 {
		m.failure = "it says: " + strings.Join(lines, "; ")
	} else if lines := m.ours.surfaced(); len(lines) > 0 {
		m.failure = "we surface: " + strings.Join(lines, "; ")
	}
}

func (m *meeting) itCalls() { m.it.do("call") }

func (m *meeting) itSends() {
	m.it.do("send audio")
	m.it.do("send video")
}

// connectedBy has one side call, and both chat.
func (m *meeting) connectedBy(calls func()) {
	opened, theirs := m.ours.count(trace.ChannelOpened), len(m.it.values("open"))
	calls()
	m.until("a channel is open", func() bool {
		return m.ours.count(trace.ChannelOpened) > opened && len(m.it.values("open")) > theirs
	})
	m.chats()
}

// chats has each side say something to the other.
func (m *meeting) chats() {
	if m.failure != "" {
		return
	}
	m.lines++
	fromUs, fromIt := fmt.Sprint("from us ", m.lines), fmt.Sprint("from it ", m.lines)
	m.until("we can say something", func() bool { return m.ours.canSay(fromUs) })
	m.it.do("say " + fromIt)
	m.until("it hears us", func() bool { return contains(m.it.values("received"), fromUs) })
	m.until("we hear it", func() bool { return contains(m.ours.received(), fromIt) })
}

// itIsReceived waits for sound and pictures of the other stack.
func (m *meeting) itIsReceived() {
	const enough = 20
	m.until("we receive its sound", func() bool { return m.ours.packets("audio") > enough })
	if m.it.raw {
		m.until("we receive its pictures", func() bool { return m.ours.packets("video") > enough })
	} else {
		m.until("we see its pictures", func() bool { return m.ours.pictures() > enough })
	}
	m.chats()
}

// weSend has our side send.
func (m *meeting) weSend() { m.kinds = m.ours.sends() }

// weAreReceived waits until the other stack says that what we send has come.
func (m *meeting) weAreReceived() {
	for _, kind := range m.kinds {
		m.until("it receives our "+kind, func() bool { return contains(m.it.values("media"), kind) })
	}
	m.chats()
}

// collide has each side make an offer before it gets the other's.
func (m *meeting) collide(weOffer, itOffers func()) {
	ours := func() int { return m.ours.count(trace.CollisionRollback) + m.ours.count(trace.CollisionIgnored) }
	theirs := func() int { return len(m.it.values("rollback")) + len(m.it.values("ignored")) }
	before, there := ours(), theirs()
	answered := func() int { return m.ours.count(trace.AnswerReceived) + m.ours.count(trace.AnswerSending) }
	holding, offers, answers := len(m.it.values("holding")), m.ours.count(trace.OfferSending), answered()
	m.it.do("hold")
	m.until("it holds", func() bool { return len(m.it.values("holding")) > holding })
	weOffer()
	m.until("we offer", func() bool { return m.ours.count(trace.OfferSending) > offers })
	itOffers()
	m.until("offers collide", func() bool { return ours() > before && theirs() > there })
	m.until("one of the offers is answered", func() bool { return answered() > answers })
}

// restartsBy has one side restart ICE, after which both still hear each other.
func (m *meeting) restartsBy(restarts func()) {
	if m.failure != "" {
		return
	}
	before, paired := m.it.values("ufrag"), m.ours.count(trace.Paired)
	restarts()
	m.until("new credentials of ours", func() bool {
		now := m.it.values("ufrag")
		return len(before) > 0 && now[len(now)-1] != before[len(before)-1]
	})
	m.chats()
	if m.failure == "" && m.ours.count(trace.Paired) > paired {
		m.failure = "it took a new connection"
	}
}

// startsOver waits for a new connection, over which both hear each other.
func (m *meeting) startsOver() {
	m.until("a new pairing", func() bool { return m.ours.count(trace.Paired) == 2 })
	m.connectedBy(func() {})
}

func (m *meeting) log() string { return m.ours.log() + "\n" + m.it.out.String() }

// other is the program of another stack.
type other struct {
	stack
	*process
}

func newOther(t *testing.T, of stack, url string) *other {
	t.Helper()
	modules, err := filepath.Abs(stackModules)
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join("testdata", "stacks", of.command[1])
	return &other{of, start(t, "env", "NODE_PATH="+modules, "PYTHONDONTWRITEBYTECODE=1", of.command[0], program, url)}
}

func (o *other) do(command string) { fmt.Fprintln(o.in, command) }

// values returns the values of all events of a kind.
func (o *other) values(event string) (list []string) {
	for line := range strings.Lines(o.out.String()) {
		var e struct{ Event, Value string }
		if json.Unmarshal([]byte(line), &e) == nil && e.Event == event {
			list = append(list, e.Value)
		}
	}
	return list
}

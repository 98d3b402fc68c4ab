package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"perfect-negotiation/negotiation/trace"
)

// stackModules is where make test-stacks installs the packages of npm.
const stackModules = "../../bin/stacks/node_modules"

// stacks are implementations of WebRTC that are neither pion nor a browser's. Each is driven
// by a program in testdata/stacks.
var stacks = []struct {
	name    string
	command []string
}{
	{"libwebrtc", []string{"node", "wrtc.cjs"}},
	{"werift", []string{"node", "werift.cjs"}},
	{"libdatachannel", []string{"node", "libdatachannel.cjs"}},
	{"aiortc", []string{"/usr/bin/python3", "aiortc_page.py"}},
}

// limit is what cannot work with a stack, and the cause there. The test fails when it works.
type limit struct {
	stack, scenario string
	role            string // of the stack; empty: in both
	says            string // how the scenario ends
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
		stack: "aiortc", scenario: "we call with media, then it sends its own",
		says: "it receives our audio",
		why:  "it does not begin with media that come into its description while DTLS connects, before the next exchange",
	},
	{stack: "aiortc", scenario: "first offers collide", role: "polite", says: noRollback, why: "it has no rollback"},
	{stack: "aiortc", scenario: "first offers collide, with media", role: "polite", says: noRollback, why: "it has no rollback"},
	{stack: "aiortc", scenario: "offers collide later", role: "polite", says: noRollback, why: "it has no rollback"},
	{stack: "aiortc", scenario: "tracks of both collide", role: "polite", says: noRollback, why: "it has no rollback"},
}

const noRollback = `Cannot handle offer in signaling state "have-local-offer"`

func (l limit) applies(stack, scenario, role string) bool {
	return l.stack == stack && l.scenario == scenario && (l.role == "" || l.role == role)
}

// scenarios are what each stack goes through, in both roles, with a native peer.
var scenarios = []struct {
	name string
	run  func(m *meeting)
}{
	{"it calls", func(m *meeting) {
		m.connectedBy(m.itCalls)
	}},
	{"we call", func(m *meeting) {
		m.connectedBy(m.ours.connect)
	}},
	{"it calls with media, then we send ours", func(m *meeting) {
		m.itSends()
		m.connectedBy(m.itCalls)
		m.itIsReceived()
		m.ours.play(true)
		m.weAreReceived()
	}},
	{"we call with media, then it sends its own", func(m *meeting) {
		m.ours.play(true)
		m.connectedBy(m.ours.connect)
		m.weAreReceived()
		m.itSends()
		m.itIsReceived()
	}},
	{"it sends media later, then we", func(m *meeting) {
		m.connectedBy(m.itCalls)
		m.itSends()
		m.itIsReceived()
		m.ours.play(true)
		m.weAreReceived()
	}},
	{"we send media later, then it", func(m *meeting) {
		m.connectedBy(m.ours.connect)
		m.ours.play(true)
		m.weAreReceived()
		m.itSends()
		m.itIsReceived()
	}},
	{"first offers collide", func(m *meeting) {
		m.connectedBy(func() { m.collide(m.ours.connect, m.itCalls) })
	}},
	{"offers collide later", func(m *meeting) {
		m.connectedBy(m.itCalls)
		for range 3 {
			m.collide(m.ours.renegotiate, func() { m.it.do("renegotiate") })
			m.chats()
		}
	}},
	{"tracks of both collide", func(m *meeting) {
		m.connectedBy(m.itCalls)
		m.collide(func() { m.ours.play(true) }, m.itSends)
		m.weAreReceived()
		m.itIsReceived()
	}},
	{"first offers collide, with media", func(m *meeting) {
		m.connectedBy(func() {
			m.collide(m.ours.connect, func() { m.itSends(); m.itCalls() })
		})
		m.ours.play(true)
		m.weAreReceived()
		m.itIsReceived()
	}},
	{"it restarts ICE", func(m *meeting) {
		m.connectedBy(m.itCalls)
		m.restartsBy(func() { m.it.do("restart") })
	}},
	{"we restart ICE", func(m *meeting) {
		m.connectedBy(m.itCalls)
		m.restartsBy(m.ours.restart)
	}},
	{"it hangs up and calls again", func(m *meeting) {
		for range 3 {
			m.connectedBy(m.itCalls)
			m.it.do("hang up")
		}
	}},
}

// TestStacks has a native peer meet other implementations of WebRTC, through the relay.
func TestStacks(t *testing.T) {
	if os.Getenv("PN_STACKS") == "" {
		t.Skip("needs other stacks: make test-stacks")
	}
	for _, stack := range stacks {
		for _, scenario := range scenarios {
			for _, role := range []string{"polite", "impolite"} {
				t.Run(stack.name+"/"+scenario.name+"/"+role, func(t *testing.T) {
					t.Parallel()
					m := newMeeting(t, stack.command, role)
					scenario.run(m)
					m.check()
					for _, l := range limits {
						if !l.applies(stack.name, scenario.name, role) {
							continue
						}
						switch {
						case m.failure == "":
							t.Errorf("it works, so this is no limit any more: %s", l.why)
						case !strings.Contains(m.failure, l.says):
							t.Errorf("it fails, but not with %q: %s\n%s", l.says, m.failure, m.log())
						default:
							t.Logf("limit of %s: %s", stack.name, l.why)
						}
						if m.failure != "" && l.then != nil {
							m.failure, m.forgives = "", true
							l.then(m)
							if m.failure != "" {
								t.Errorf("after that: %s\n%s", m.failure, m.log())
							}
						}
						return
					}
					if m.failure != "" {
						t.Errorf("%s\n%s", m.failure, m.log())
					}
				})
			}
		}
	}
}

// meeting is a native peer and another stack in one room.
type meeting struct {
	ours     *mediaNative
	it       *other
	lines    int
	failure  string // the first; what comes after it is not waited for
	forgives bool   // what either side says
}

func newMeeting(t *testing.T, command []string, role string) *meeting {
	t.Helper()
	w := newWorld(t)
	w.newConnection = nil // those that a Peer makes itself, with all that helps with other stacks
	m := &meeting{ours: w.mediaNative("stacks", "")}
	m.it = newOther(t, command, strings.Replace(w.url, "http", "ws", 1)+"/ws?room=stacks&role="+role)
	m.until("they have met", func() bool { return m.ours.count(trace.Paired) > 0 })
	return m
}

// until waits until ok, unless something has failed.
func (m *meeting) until(what string, ok func() bool) {
	for begin := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		if m.check(); m.failure != "" || ok() {
			return
		}
		if time.Since(begin) > patience {
			m.failure = "not in time: " + what
		}
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
	m.until("we can say something", func() bool { return m.ours.p.Say("", fromUs) == nil })
	m.it.do("say " + fromIt)
	m.until("it hears us", func() bool { return contains(m.it.values("received"), fromUs) })
	m.until("we hear it", func() bool { return contains(m.ours.received(), fromIt) })
}

// itIsReceived waits for sound and pictures of the other stack, as packets.
func (m *meeting) itIsReceived() {
	const enough = 20
	m.until("we receive its sound", func() bool { return m.ours.sounds() > enough })
	m.until("we receive its pictures", func() bool { return m.ours.pictures() > enough })
	m.chats()
}

// weAreReceived waits until the other stack says that sound and pictures have come.
func (m *meeting) weAreReceived() {
	for _, kind := range []string{"audio", "video"} {
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
	ufrag := func() string {
		list := m.it.values("ufrag")
		return list[len(list)-1]
	}
	before, paired := ufrag(), m.ours.count(trace.Paired)
	restarts()
	m.until("new credentials of ours", func() bool { return ufrag() != before })
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
	*process
}

func newOther(t *testing.T, command []string, url string) *other {
	t.Helper()
	modules, err := filepath.Abs(stackModules)
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join("testdata", "stacks", command[1])
	return &other{start(t, "env", "NODE_PATH="+modules, command[0], program, url)}
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

package e2e

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"perfect-negotiation/negotiation/trace"
)

// meets checks whether the scenario has ended as the limit says.
func (m *meeting) meets(l limit) {
	switch {
	case m.failure == "":
		m.t.Errorf("it works, so this is no limit any more: %s", l.why)
	case !l.foretells(m.failure):
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
	if lines := m.ours.surfaced(); len(lines) > 0 { // first, because the other side fails when we start over
		m.failure = "we surface: " + strings.Join(lines, "; ")
	} else if lines := m.it.values("error"); len(lines) > 0 {
		m.failure = "it says: " + strings.Join(lines, "; ")
	} else if contains(m.it.values("state"), "failed") {
		m.failure = itFails
	}
}

const itFails = "its connection fails"

func (m *meeting) itCalls() { m.it.do("call") }
func (m *meeting) itSends() { m.it.do("send audio", "send video") }

// itCallsAndSends has its first offer carry data and media.
func (m *meeting) itCallsAndSends() { m.it.do("send audio", "send video", "call") }

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
	holding, offers, answers := len(m.it.values("holding")), m.ours.count(trace.OfferSending), m.answers()
	m.it.do("hold")
	m.until("it holds", func() bool { return len(m.it.values("holding")) > holding })
	weOffer()
	m.until("we offer", func() bool { return m.ours.count(trace.OfferSending) > offers })
	itOffers()
	m.until("offers collide", func() bool { return ours() > before && theirs() > there })
	m.until("one of the offers is answered", func() bool { return m.answers() > answers })
}

// answers returns how many there were from either side.
func (m *meeting) answers() int {
	return m.ours.count(trace.AnswerReceived) + m.ours.count(trace.AnswerSending)
}

// restartsBy has one side restart ICE, after which both still hear each other.
func (m *meeting) restartsBy(restarts func()) {
	if m.failure != "" {
		return
	}
	before, paired, answers := m.it.values("ufrag"), m.ours.count(trace.Paired), m.answers()
	restarts()
	m.until("new credentials of ours, and an answer", func() bool {
		now := m.it.values("ufrag")
		return len(before) > 0 && now[len(now)-1] != before[len(before)-1] && m.answers() > answers
	})
	m.chats()
	if m.failure == "" && m.ours.count(trace.Paired) > paired {
		m.failure = "it took a new connection"
	}
}

// startsOver waits for a second connection, over which both hear each other.
func (m *meeting) startsOver() {
	m.until("a channel of a new pairing is open", func() bool {
		return m.ours.count(trace.Paired) == 2 && m.ours.count(trace.ChannelOpened) == 2 && len(m.it.values("open")) == 2
	})
	m.chats()
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

// do gives it commands at once, so that it has one thing to negotiate.
func (o *other) do(commands ...string) { fmt.Fprintln(o.in, strings.Join(commands, "\n")) }

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

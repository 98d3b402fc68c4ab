package e2e

import (
	"os"
	"strings"
	"testing"
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
		m.connectedBy(m.itCallsAndSends)
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
	{"it sends media, then we add data", true, func(m *meeting) {
		m.itSends()
		m.until("we receive its sound", func() bool { return m.ours.packets("audio") > 0 })
		m.until("we receive its pictures", func() bool { return m.ours.packets("video") > 0 })
		m.connectedBy(m.ours.connect)
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
			m.collide(m.ours.connect, m.itCallsAndSends)
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
							if l.applies(stack.name, scenario.name, ours, role, m.failure) {
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

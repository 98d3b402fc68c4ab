//go:build !js

package peer

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation/signaling"
	"perfect-negotiation/negotiation/signaling/wire"
	"perfect-negotiation/negotiation/trace"
)

// configured returns the ICE servers of the connection with the peer id, after all that
// its Session has to do.
func (m *member) configured(id string) (servers []webrtc.ICEServer) {
	m.w.t.Helper()
	found := make(chan *pairing)
	m.peer.enqueue(func() { found <- m.peer.remotes[id].pairing })
	p := <-found
	if err := p.session.Do(func() error {
		servers = p.pc.GetConfiguration().ICEServers
		return nil
	}); err != nil {
		m.w.t.Fatal(err)
	}
	return servers
}

// Present connections and new ones use the ICE servers that the relay told of last.
func TestFreshICEServers(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, b := w.connected()
		told := func(from, credential string) {
			a.handler.Received(signaling.Envelope{From: from, ICEServers: []wire.ICEServer{
				{URLs: []string{"turn:10.0.0.99:3478"}, Username: "u", Credential: credential},
			}})
		}
		expect := func(id, credential string) {
			t.Helper()
			want := []webrtc.ICEServer{{URLs: []string{"turn:10.0.0.99:3478"}, Username: "u", Credential: credential}}
			if diff := cmp.Diff(want, a.configured(id)); diff != "" {
				t.Errorf("with %s (-want +got):\n%s", id, diff)
			}
		}
		told("", "1")
		expect("b", "1")
		told("", "2")
		told("b", "of a peer")
		expect("b", "2")

		c := w.peer("c")
		a.await("it is connected to another", func() bool { return c.count(trace.ChannelOpened) == 4 })
		expect("c", "2")
		told("", "3")
		expect("b", "3")
		expect("c", "3")
		if got := a.count(trace.ChangeFailed); got > 0 {
			t.Error(a.log())
		}
		w.talk(a, b)

		a.handler.Received(signaling.Envelope{ICEServers: []wire.ICEServer{{URLs: []string{"nonsense"}}}})
		a.await("a bad one is told of", func() bool { return a.count(trace.ChangeFailed) == 2 })
		expect("b", "3")
		w.talk(a, b)
	})
}

// All that a server has counts.
func TestICEServersEqual(t *testing.T) {
	list := iceServers{{URLs: []string{"turn:a"}, Username: "u", Credential: "c"}}
	for name, row := range map[string]struct {
		other iceServers
		want  bool
	}{
		"the same":         {iceServers{{URLs: []string{"turn:a"}, Username: "u", Credential: "c"}}, true},
		"another URL":      {iceServers{{URLs: []string{"turn:b"}, Username: "u", Credential: "c"}}, false},
		"another name":     {iceServers{{URLs: []string{"turn:a"}, Username: "v", Credential: "c"}}, false},
		"another password": {iceServers{{URLs: []string{"turn:a"}, Username: "u", Credential: "d"}}, false},
		"none":             {nil, false},
	} {
		if got := list.equal(row.other); got != row.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

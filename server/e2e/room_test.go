package e2e

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"perfect-negotiation/negotiation/trace"
)

// TestChatToOne has a native peer and a tab say something to one of two others.
func TestChatToOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a, b, c := w.native("trio", "", true), w.member("/r/trio"), w.native("trio", "", true)
	converge(t, []member{a, b, c})
	hears := func(m member, want ...string) {
		t.Helper()
		await(t, fmt.Sprint("it hears ", want), func() bool { return slices.Equal(m.received(), want) }, a, b, c)
	}
	if err := a.p.Say(b.id(), "to the tab"); err != nil {
		t.Fatal(err)
	}
	a.say("to both")
	hears(b, "to the tab", "to both")
	hears(c, "to both")
	b.eval(fmt.Sprintf(`document.querySelector("#to").value = %q`, c.id()), nil)
	b.say("to one")
	hears(c, "to both", "to one")
	b.eval(`document.querySelector("#to").value = ""`, nil)
	b.say("to all")
	hears(a, "to all")
	hears(c, "to both", "to one", "to all")
	if states := b.texts(`#peers > li[data-peer][data-state="connected"]`); len(states) != 2 {
		t.Errorf("the page lists %q", states)
	}
	c.close()
	await(t, "it is not listed any more", func() bool { return len(b.texts(`#peers > li`)) == 1 }, a, b)
}

// TestADeadSocketIsNoticed has the network swallow what is said, which no socket
// tells.
func TestADeadSocketIsNoticed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	network := newProxy(t, w.url[len("http://"):])
	behind := worldAt(t, network.url())
	n, b := behind.native("dead", "", true), behind.member("/r/dead")
	converge(t, []member{n, b})
	network.stall(toRelay | toPeers)
	begin := time.Now()
	b.eval(`dispatchEvent(new Event("offline"))`, nil)
	within(t, 4*time.Second, "the tab notices, because it was told to look", func() bool { return b.count(trace.RelayLost) > 0 }, b)
	t.Logf("the tab notices after %.1f s", time.Since(begin).Seconds())
	within(t, 15*time.Second-time.Since(begin), "the native peer notices by itself", func() bool { return n.count(trace.RelayLost) > 0 }, n)
	t.Logf("the native peer notices after %.1f s", time.Since(begin).Seconds())
	n.say("over the channel")
	await(t, "chat goes on", func() bool { return slices.Contains(b.received(), "over the channel") }, n, b)
	b.awaitNotice("trying again")
	network.stall(0)
	network.cut()
	b.press("#notice-action")
	for _, m := range []member{n, b} {
		await(t, "it is back", func() bool { return m.count(trace.RoomJoined) >= 2 }, n, b)
		m.renegotiate()
	}
	converge(t, []member{n, b})
}

// TestStalled has a peer that is there and acknowledges nothing, and then does.
func TestStalled(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	victim := w.native("bad", "", true)
	m := newMallory(t, w, "room=bad&rank=0", victim.id())
	var last uint64
	for begin := time.Now(); victim.count(trace.SignalingStalled) == 0; {
		select {
		case e := <-m.frames:
			last = max(last, e.Seq)
		case <-time.After(time.Second):
		}
		if time.Since(begin) > time.Minute {
			t.Fatalf("it does not say that signalling is stalled:\n%s", victim.log())
		}
	}
	if last == 0 {
		t.Error("it has said nothing")
	}
	frame := fmt.Sprintf(`{"to":%q,"s":%q,"r":%q,"ack":%d}`, m.to, mallorysSession, m.theirs, last)
	if err := m.ws.WriteMessage(websocket.TextMessage, []byte(frame)); err != nil {
		t.Fatal(err)
	}
	await(t, "it says that it goes on", func() bool { return victim.count(trace.SignalingResumed) > 0 }, victim)
}

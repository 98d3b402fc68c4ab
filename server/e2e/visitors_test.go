package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"perfect-negotiation/negotiation/signaling"
	"perfect-negotiation/negotiation/signaling/wire"
	"perfect-negotiation/negotiation/trace"
)

// visit comes to a room with a new key, greets who is in it so that a pairing can
// begin, and goes.
func (w *world) visit(room string) error {
	dialer := websocket.Dialer{Subprotocols: []string{wire.Subprotocol, wire.KeyPrefix + signaling.NewKey()}}
	ws, _, err := dialer.Dial(strings.Replace(w.url, "http", "ws", 1)+"/ws?rank=0&role=polite&room="+room, http.Header{})
	if err != nil {
		return err
	}
	defer func() { _ = ws.Close() }()
	for {
		var e signaling.Envelope
		if err := ws.ReadJSON(&e); err != nil || e.Error != nil {
			return err
		}
		if e.Hello != nil {
			return ws.WriteMessage(websocket.TextMessage, fmt.Appendf(nil, `{"to":%q,"s":%q,"r":%q,"hello":{}}`, e.From, mallorysSession, e.Session))
		}
	}
}

// TestVisitors has somebody join a tab's room again and again, each time as somebody
// else: the tab stays usable, with no task over 50 ms but for those that a busy machine
// makes without visitors, too, and makes a few connections a second.
func TestVisitors(t *testing.T) {
	t.Parallel()
	const lasts = 2 * time.Second
	w := newWorld(t)
	b := w.blank(w.url + "/r/visitors")
	if err := b.prepare(`
		globalThis.tasks = []; new PerformanceObserver(list => tasks.push(...list.getEntries().map(e => e.duration))).observe({type: "longtask"});
		const Native = RTCPeerConnection; globalThis.made = 0;
		globalThis.RTCPeerConnection = class extends Native { constructor(...args) { super(...args); made++ } };`); err != nil {
		t.Fatal(err)
	}
	b.open()
	b.eval(`tasks.length = made = 0`, nil)
	time.Sleep(lasts)
	var quiet int
	b.eval(`tasks.splice(0).length`, &quiet)
	var visits atomic.Int64
	var visitors sync.WaitGroup
	for range 4 {
		visitors.Go(func() {
			for begin := time.Now(); time.Since(begin) < lasts; visits.Add(1) {
				if err := w.visit("visitors"); err != nil {
					t.Error(err)
				}
			}
		})
	}
	visitors.Wait()
	var made int
	var tasks []float64
	b.eval(`made`, &made)
	b.eval(`tasks`, &tasks)
	t.Logf("%d visits, %d connections, %d long tasks and %d before: %v", visits.Load(), made, len(tasks), quiet, tasks)
	if most := 8 + 4*int(lasts/time.Second) + 4; made == 0 || made > most {
		t.Errorf("%d visits cost %d connections", visits.Load(), made)
	}
	if len(tasks) > quiet {
		t.Errorf("%d tasks take over 50 ms, and %d without visitors: %v", len(tasks), quiet, tasks)
	}
	n := w.native("visitors", "", true)
	await(t, "it connects with who stays", func() bool { return b.count(trace.ChannelOpened) > 0 && n.count(trace.ChannelOpened) > 0 }, b, n)
}

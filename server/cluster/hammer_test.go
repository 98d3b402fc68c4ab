package cluster_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"perfect-negotiation/negotiation/signaling/wire"
	serving "perfect-negotiation/server/cluster"
	"perfect-negotiation/server/relay"
)

// hammerTime is how long the hammer strikes; HAMMER_TIME has another.
const hammerTime = 15 * time.Second

// hammer is many clients that come, go, and talk, on nodes that die and come back.
type hammer struct {
	t      *testing.T
	broker *broker
	stop   chan struct{} // closed: no more trouble, and everybody stays
	rest   chan struct{} // closed: everybody leaves

	mu       sync.Mutex          // after that of a witness
	nodes    []*node             // nil: it is dead
	told     map[string]*witness // who is in a room and stays, by its name among the clients
	problems []string
	counts   map[string]int
}

// TestHammer strikes a cluster, with packets lost and doubled, nodes killed, and NATS
// restarted, and checks what everybody was told. When all trouble has ended, all in a
// room must see the same.
func TestHammer(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes a while")
	}
	duration := hammerTime
	if text := os.Getenv("HAMMER_TIME"); text != "" {
		var err error
		if duration, err = time.ParseDuration(text); err != nil {
			t.Fatal(err)
		}
	}
	h := &hammer{
		t: t, broker: startBroker(t), stop: make(chan struct{}), rest: make(chan struct{}),
		nodes: make([]*node, 3), told: map[string]*witness{}, counts: map[string]int{},
	}
	for i := range h.nodes {
		h.restart(i)
	}
	var clients sync.WaitGroup
	const crowd = 16
	for i := range crowd {
		clients.Go(func() { h.client(i) })
	}
	h.trouble(time.Now().Add(duration))
	close(h.stop)
	h.calm()
	settle(t, "not everybody is back", func() bool {
		h.mu.Lock()
		defer h.mu.Unlock()
		return len(h.told) == crowd-1 || len(h.problems) > 0 // of two clients with one key one is replaced
	})
	same := ""
	deadline := time.Now().Add(5 * time.Second)
	for same = h.differ(); same != "" && time.Now().Before(deadline); same = h.differ() {
		time.Sleep(20 * time.Millisecond)
	}
	if same != "" {
		h.problem("%s", same)
	}
	close(h.rest)
	clients.Wait()
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, p := range h.problems {
		t.Error(p)
	}
	t.Logf("%v", h.counts)
	for _, what := range []string{"welcome", "joined", "left", "message", "killed", "gaps"} {
		if h.counts[what] == 0 {
			t.Errorf("no %s", what)
		}
	}
}

// trouble kills nodes, and NATS once, until a time, or until something is wrong.
func (h *hammer) trouble(until time.Time) {
	middle := time.Now().Add(time.Until(until) / 4) // 5 s later rooms are taken over again
	for time.Now().Before(until) && !h.failed() {
		time.Sleep(time.Duration(rand.Int64N(int64(2 * time.Second))))
		i := rand.IntN(len(h.nodes))
		h.mu.Lock()
		n := h.nodes[i]
		h.nodes[i] = nil
		h.mu.Unlock()
		stats := n.Stats()
		n.kill()
		h.mu.Lock()
		h.counts["killed"]++
		h.note(stats)
		h.mu.Unlock()
		if !middle.IsZero() && time.Now().After(middle) {
			middle = time.Time{}
			h.broker.stop()
			time.Sleep(time.Second)
			h.broker.start()
		}
		time.Sleep(time.Second)
		h.restart(i)
	}
}

func (h *hammer) restart(i int) {
	n := h.broker.node(fmt.Sprint("n", i), func(c *relay.Config) { c.PeersPerRoom = 0 })
	n.lose.Store(300)
	n.double.Store(20)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.nodes[i] = n
}

// calm ends all that is lost and doubled.
func (h *hammer) calm() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, n := range h.nodes {
		n.lose.Store(0)
		n.double.Store(0)
		h.note(n.Stats())
	}
}

// note adds what a node counts. The caller holds the lock.
func (h *hammer) note(stats serving.Stats) {
	h.counts["gaps"] += int(stats.Gaps)
	h.counts["takeovers"] += int(stats.Takeovers)
}

func (h *hammer) failed() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.problems) > 0
}

func (h *hammer) count(what string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.counts[what]++
}

func (h *hammer) problem(format string, of ...any) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.problems) < 10 {
		h.problems = append(h.problems, fmt.Sprintf(format, of...))
	}
}

// address returns where a node that is alive serves.
func (h *hammer) address() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	for {
		if n := h.nodes[rand.IntN(len(h.nodes))]; n != nil {
			return "ws" + strings.TrimPrefix(n.http.URL, "http") + "/ws?"
		}
	}
}

func (h *hammer) closed(c chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// client comes and goes, and in the end comes to stay.
func (h *hammer) client(i int) {
	name := fmt.Sprint("c", i)
	for life := 0; !h.closed(h.rest); life++ {
		last := h.closed(h.stop)
		room := rand.IntN(3)
		query := url.Values{"dial": {fmt.Sprintf("%s.%d", name, life)}}
		if last {
			room = i % 3
		} else if rand.IntN(6) == 0 {
			query.Set("role", []string{"polite", "impolite"}[rand.IntN(2)])
		}
		query.Set("room", fmt.Sprint("room ", room))
		key := fmt.Sprintf("key-%032d", max(i, 3)) // the first few have one together
		if last && i == 3 {
			<-h.rest // the key is another's
			return
		}
		h.visit(name, key, query, last)
	}
}

// visit is one connection of a client: until it ends, or the client has had enough.
func (h *hammer) visit(name, key string, query url.Values, stays bool) {
	ws, _, err := (&websocket.Dialer{Subprotocols: []string{wire.Subprotocol, wire.KeyPrefix + key}, HandshakeTimeout: 10 * time.Second}).Dial(h.address()+query.Encode(), nil)
	if err != nil {
		h.count("not connected")
		time.Sleep(50 * time.Millisecond)
		return
	}
	defer ws.Close()
	w := newWitness(h, query.Get("dial"), query.Get("room"), wire.Role(query.Get("role")))
	ended := make(chan struct{})
	entered := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			_, data, err := ws.ReadMessage()
			if err != nil {
				return
			}
			if w.hear(data) {
				close(entered)
			}
		}
	}()
	select {
	case <-entered:
	case <-ended:
		time.Sleep(50 * time.Millisecond)
		return
	}
	var over <-chan time.Time
	if stays {
		h.mu.Lock()
		h.told[name] = w
		h.mu.Unlock()
		defer func() {
			h.mu.Lock()
			defer h.mu.Unlock()
			delete(h.told, name)
		}()
	} else {
		over = time.After(time.Duration(rand.Int64N(int64(time.Second))))
	}
	pace := time.NewTicker(10 * time.Millisecond)
	defer pace.Stop()
	for n := 1; ; n++ {
		select {
		case <-pace.C:
			if stays && n > 50 {
				continue
			}
			_ = ws.WriteMessage(websocket.TextMessage, w.say())
			continue
		case <-ended:
		case <-over:
		case <-h.rest:
		}
		break
	}
	ws.Close()
	<-ended
}

// differ says how the views of those who stay differ, or nothing.
func (h *hammer) differ() string {
	h.mu.Lock()
	told := maps.Clone(h.told)
	h.mu.Unlock() // a witness counts while it holds its own lock
	in := map[string]map[string]bool{}
	for _, w := range told {
		if in[w.room] == nil {
			in[w.room] = map[string]bool{}
		}
		in[w.room][w.self()] = true
	}
	for name, w := range told {
		if seen := w.view(); fmt.Sprint(seen) != fmt.Sprint(in[w.room]) {
			return fmt.Sprintf("%s sees %v in %s, and there are %v", name, seen, w.room, in[w.room])
		}
	}
	return ""
}

// witness is what one connection was told.
type witness struct {
	hammer     *hammer
	name, room string
	role       wire.Role

	mu    sync.Mutex
	id    string
	peers map[string]wire.Role // by id
	heard map[string]heard     // by connection of a sender
	sent  heard
}

// heard are the numbers of messages: of all, and of those that were for all.
type heard struct{ all, toAll int }

func newWitness(h *hammer, name, room string, role wire.Role) *witness {
	return &witness{hammer: h, name: name, room: room, role: role, peers: map[string]wire.Role{}, heard: map[string]heard{}}
}

func (w *witness) self() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.id
}

// view returns who is in the room, as far as the client was told.
func (w *witness) view() map[string]bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	view := map[string]bool{w.id: true}
	for id := range w.peers {
		view[id] = true
	}
	return view
}

// say returns the next message: to all others, or to one of them.
func (w *witness) say() []byte {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sent.all++
	for id := range w.peers {
		if rand.IntN(3) > 0 {
			return fmt.Appendf(nil, `{"to":%q,"by":%q,"all":%d}`, id, w.name, w.sent.all)
		}
		break
	}
	w.sent.toAll++
	return fmt.Appendf(nil, `{"by":%q,"all":%d,"toAll":%d}`, w.name, w.sent.all, w.sent.toAll)
}

// hear checks a frame, and reports whether it is a welcome.
func (w *witness) hear(data []byte) (entered bool) {
	var s struct {
		said
		By         string
		All, ToAll int
	}
	if err := json.Unmarshal(data, &s); err != nil {
		w.wrong("was told %q", data)
		return false
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case s.Error != nil:
		w.hammer.count("error " + s.Error.Code)
	case (s.Welcome != nil) != (w.id == ""):
		w.wrong("was told %s, as member %q", data, w.id)
	case s.Welcome != nil:
		w.hammer.count("welcome")
		w.id, entered = s.Welcome.ID, true
		for _, p := range s.Welcome.Peers {
			w.peers[p.ID] = p.Role
		}
		w.checkRoles()
	case s.Joined != nil:
		w.hammer.count("joined")
		w.peers[s.Joined.ID] = s.Joined.Role // again, if it has come back
		w.checkRoles()
	case s.Left != nil:
		w.hammer.count("left")
		if _, in := w.peers[s.Left.ID]; !in {
			w.wrong("was told that %s left, who was not there", s.Left.ID)
		}
		delete(w.peers, s.Left.ID)
	case s.From != "":
		w.hammer.count("message")
		if _, in := w.peers[s.From]; !in {
			w.wrong("has a message from %s, who is not there", s.From)
		}
		before, known := w.heard[s.By]
		if s.All <= before.all {
			w.wrong("has message %d of %s after %d", s.All, s.By, before.all)
		}
		now := heard{s.All, before.toAll}
		if s.ToAll > 0 {
			if known && before.toAll > 0 && s.ToAll != before.toAll+1 {
				w.wrong("misses a message of %s: %d came after %d", s.By, s.ToAll, before.toAll)
			}
			now.toAll = s.ToAll
		}
		w.heard[s.By] = now
	}
	return entered
}

// checkRoles checks that no two in the room have the same role.
func (w *witness) checkRoles() {
	roles := map[wire.Role]int{w.role: 1}
	for _, role := range w.peers {
		roles[role]++
	}
	if roles[wire.Polite] > 1 || roles[wire.Impolite] > 1 {
		w.wrong("sees a role twice: itself %q, the others %v", w.role, w.peers)
	}
}

func (w *witness) wrong(format string, of ...any) {
	w.hammer.problem("%s in %s %s", w.name, w.room, fmt.Sprintf(format, of...))
}

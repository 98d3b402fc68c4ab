package relay_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/gorilla/websocket"

	"perfect-negotiation/server/internal/heap"
	"perfect-negotiation/server/relay"
)

// The address of all attackers.
const abuser = "192.0.2.66"

// attack is what workers do to a relay, each for as long as it is not ended.
type attack struct {
	workers int
	config  relay.Config
	work    func(a *attacker, worker int)

	// check looks at what has come of it while it still goes on.
	check func(t *testing.T, a *attacker)

	relayed bool // the relay passes messages of the attackers on
	evicted bool // it may put some of them out
}

// attacker is what the workers of an attack share.
type attacker struct {
	s       *server
	ctx     context.Context // done: the attack ends
	running sync.WaitGroup
	in      atomic.Int64 // connections that were let in
	out     atomic.Int64 // those that were refused
	cut     atomic.Int64 // those that the relay has ended
}

// dial connects, and returns nil if it is refused or the attack ends. The connection is
// closed when that ends.
func (a *attacker) dial(room string, readBuffer int) *websocket.Conn {
	dialer := websocket.Dialer{ReadBufferSize: 512, NetDialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := new(net.Dialer).DialContext(ctx, network, address)
		if err == nil && readBuffer > 0 {
			err = c.(*net.TCPConn).SetReadBuffer(readBuffer)
		}
		return c, err
	}}
	ws, response, err := dialer.DialContext(a.ctx, "ws"+strings.TrimPrefix(a.s.http.URL, "http")+"/ws?room="+room, from(abuser))
	if err != nil {
		if response != nil {
			a.out.Add(1)
		}
		return nil
	}
	a.in.Add(1)
	context.AfterFunc(a.ctx, func() { ws.Close() })
	return ws
}

// member is dial, and reads what comes.
func (a *attacker) member(room string) *websocket.Conn {
	ws := a.dial(room, 0)
	if ws != nil {
		a.running.Go(func() {
			_, _ = io.Copy(io.Discard, ws.UnderlyingConn())
			if a.ctx.Err() == nil {
				a.cut.Add(1)
			}
		})
	}
	return ws
}

// repeat writes raw bytes, masked with zeros, until the connection or the attack ends.
func (a *attacker) repeat(room string, frame string) {
	ws := a.member(room)
	if ws == nil {
		return
	}
	block := []byte(strings.Repeat(frame, max(1, 16<<10/len(frame))))
	for a.ctx.Err() == nil {
		if _, err := ws.UnderlyingConn().Write(block); err != nil {
			return
		}
	}
}

// raw is a frame of a client with a mask of zeros.
func raw(opcode byte, payload string) string {
	length := string([]byte{0x80 | byte(len(payload))})
	if len(payload) > 125 {
		length = string([]byte{0x80 | 126, byte(len(payload) >> 8), byte(len(payload))})
	}
	return string([]byte{0x80 | opcode}) + length + "\x00\x00\x00\x00" + payload
}

const (
	opText = 1
	opPing = 9
)

func nobodyIsCut(t *testing.T, a *attacker) {
	if n := a.cut.Load(); n != 0 {
		t.Errorf("%d connections were ended", n)
	}
}

func someAreRefused(t *testing.T, a *attacker) {
	eventually(t, "connections are refused", func() bool { return a.out.Load() >= 20 })
}

// many is a configuration in which an address may have all that the attacks need.
var many = relay.Config{ConnectsPerAddress: 1000, NewcomersPerRoom: 1000}

var attacks = map[string]attack{
	"empty objects": {100, many, func(a *attacker, worker int) {
		a.repeat(fmt.Sprint("room", worker/2), raw(opText, `{}`))
	}, nobodyIsCut, true, false},
	"broadcasts in full rooms": {96, many, func(a *attacker, worker int) {
		a.repeat(fmt.Sprint("room", worker/8), raw(opText, `{"pad":"`+strings.Repeat("x", 1<<10)+`"}`))
	}, nobodyIsCut, true, false},
	"pings": {100, many, func(a *attacker, worker int) {
		a.repeat(fmt.Sprint("room", worker), raw(opPing, "ping"))
	}, nobodyIsCut, false, false},
	"pings and reconnects": {4, relay.Config{}, func(a *attacker, worker int) {
		for a.ctx.Err() == nil {
			ws := a.member(fmt.Sprint("room", worker))
			if ws == nil {
				continue
			}
			_, _ = io.WriteString(ws.UnderlyingConn(), strings.Repeat(raw(opPing, "ping"), 1000))
			ws.Close()
		}
	}, someAreRefused, false, false},
	"bad frames": {50, many, func(a *attacker, worker int) {
		a.repeat(fmt.Sprint("room", worker/2), raw(opText, `{"n":`))
	}, nobodyIsCut, false, false},
	"bad UTF-8": {50, many, func(a *attacker, worker int) {
		a.repeat(fmt.Sprint("room", worker/2), raw(opText, "{\"n\":\"\xff\"}"))
	}, nobodyIsCut, false, false},
	"nonsense": {20, many, func(a *attacker, worker int) {
		for a.ctx.Err() == nil {
			if ws := a.member(fmt.Sprint("room", worker/2)); ws != nil {
				_, _ = io.WriteString(ws.UnderlyingConn(), strings.Repeat("\xff", 1000)) // reserved bits
				ws.Close()
			}
		}
	}, func(*testing.T, *attacker) {}, false, false},
	"joins and leaves": {16, relay.Config{}, func(a *attacker, worker int) {
		for a.ctx.Err() == nil {
			if ws := a.member(fmt.Sprint("room", worker/8)); ws != nil {
				ws.Close()
			}
		}
	}, someAreRefused, false, false},
	"many sockets": {600, many, func(a *attacker, worker int) {
		if a.member(fmt.Sprint("room", worker/8)) != nil {
			<-a.ctx.Done()
		}
	}, func(t *testing.T, a *attacker) {
		eventually(t, "all are answered", func() bool { return a.in.Load()+a.out.Load() == 600 })
		if in, out := a.in.Load(), a.out.Load(); in != 256 || out != 344 {
			t.Errorf("%d connections are let in, and %d refused", in, out)
		}
	}, false, false},
	"readers that do not read": {32, many, func(a *attacker, worker int) {
		room := fmt.Sprint("room", worker/2)
		if worker%2 == 0 {
			a.repeat(room, raw(opText, `{"pad":"`+strings.Repeat("x", 8<<10)+`"}`))
			return
		}
		if a.dial(room, 4<<10) != nil {
			<-a.ctx.Done()
		}
	}, nobodyIsCut, true, true},
	"unfinished messages": {200, many, func(a *attacker, worker int) {
		if ws := a.member(fmt.Sprint("room", worker)); ws != nil {
			_, _ = io.WriteString(ws.UnderlyingConn(), "\x01\xff\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00"+strings.Repeat("x", 60<<10))
			<-a.ctx.Done()
		}
	}, nobodyIsCut, false, false},
	"requests that never become a WebSocket": {20, many, func(a *attacker, worker int) {
		client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
		for a.ctx.Err() == nil {
			request, _ := http.NewRequestWithContext(a.ctx, http.MethodGet, a.s.http.URL+"/ws?room=r", nil)
			request.Header = from(abuser)
			request.Header.Set("Connection", "Upgrade")
			request.Header.Set("Upgrade", "websocket")
			if response, err := client.Do(request); err == nil {
				response.Body.Close()
			}
		}
	}, func(t *testing.T, a *attacker) {
		if n := a.s.relay.Stats().Connections; n != 2 {
			t.Errorf("there are %d connections", n)
		}
	}, false, false},
}

// Whatever one address does, two peers of others miss nothing; and when it is over, all
// that it has cost is free again.
func TestAbuse(t *testing.T) {
	const trips = 50
	for name, attack := range attacks {
		t.Run(name, func(t *testing.T) {
			config := attack.config
			config.Address = addresses
			config.PingInterval = 400 * time.Millisecond // the sweeper forgets addresses
			s := serve(t, config)
			a, b := s.joinFrom("198.51.100.1", "bystanders"), s.joinFrom("198.51.100.2", "bystanders")
			a.expectJoined(b.id)

			attacked := func() {
				ctx, end := context.WithCancel(t.Context())
				defer end()
				by, passed := &attacker{s: s, ctx: ctx}, s.relay.Totals().Messages
				for worker := range attack.workers {
					by.running.Go(func() { attack.work(by, worker) })
				}
				for n := range trips {
					text := fmt.Sprintf(`"n":%d}`, n)
					a.write("{" + text)
					b.expectText(`{"from":"` + a.id + `",` + text)
					b.write("{" + text)
					a.expectText(`{"from":"` + b.id + `",` + text)
				}
				attack.check(t, by)
				if attack.relayed {
					eventually(t, "messages of the attackers are passed on", func() bool { return s.relay.Totals().Messages > passed+2*trips })
				}
				end()
				by.running.Wait()
				eventually(t, "only the bystanders are left", func() bool {
					return s.relay.Stats() == relay.Stats{Connections: 2, Rooms: 1} && s.relay.QueuedBytes() == 0
				})
			}
			attacked() // makes what is made once
			before, totals := heap.InUse(), s.relay.Totals()
			attacked()
			now := s.relay.Totals()
			if relayed := now.Messages - totals.Messages - 2*trips; relayed > 0 && !attack.relayed {
				t.Errorf("%d messages of the attackers were passed on", relayed)
			}
			if diff := cmp.Diff(totals.Evictions, now.Evictions); diff != "" && !attack.evicted {
				t.Errorf("clients were put out:\n%s", diff)
			}
			eventually(t, fmt.Sprintf("no more memory is in use than the %d KB before it", before>>10), func() bool {
				_, back := heap.Back(before) // goroutines of net/http may still be ending
				return back
			})
			undisturbed(a, b)
			eventually(t, "the attacker is forgotten", func() bool { return s.relay.Addresses() == 2 })
		})
	}
}

func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !is(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not in %s: %s", patience, what)
		}
	}
}

package relay_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/gorilla/websocket"

	"perfect-negotiation/negotiation/signaling/wire"
	"perfect-negotiation/server/relay"
)

func TestWelcomeJoinedLeft(t *testing.T) {
	ice := []wire.ICEServer{{URLs: []string{"stun:stun.example.org"}, Username: "u", Credential: "c"}}
	s := serve(t, relay.Config{ICEServers: ice})

	a, welcome := s.join("", "room", "röm 1", "rank", "3")
	if diff := cmp.Diff(&wire.Welcome{ID: a.id, Room: "röm 1", Peers: []wire.Member{}, ICEServers: ice, Protocol: wire.Protocol}, welcome); diff != "" {
		t.Fatalf("welcome (-want +got):\n%s", diff)
	}
	b, welcome := s.join("", "room", "röm 1")
	if diff := cmp.Diff([]wire.Member{{ID: a.id, Rank: new(3)}}, welcome.Peers); diff != "" {
		t.Fatalf("peers (-want +got):\n%s", diff)
	}
	a.expectText(`{"joined":{"id":"` + b.id + `"}}`)

	c, welcome := s.join("", "room", "röm 1", "rank", "0")
	if diff := cmp.Diff([]wire.Member{{ID: a.id, Rank: new(3)}, {ID: b.id}}, welcome.Peers); diff != "" {
		t.Fatalf("peers (-want +got):\n%s", diff)
	}
	a.expectText(`{"joined":{"id":"` + c.id + `","rank":0}}`)
	b.expectText(`{"joined":{"id":"` + c.id + `","rank":0}}`)

	c.ws.Close() // without a word
	a.expectText(`{"left":{"id":"` + c.id + `"}}`)
	b.expectLeft(c.id)
	a.quit()
	b.expectLeft(a.id)
}

func TestListsAreNeverNull(t *testing.T) {
	s := serve(t, relay.Config{})
	c := s.dial("", "room", "r")
	text := c.readText()
	for _, want := range []string{`"peers":[]`, `"iceServers":[]`} {
		if !strings.Contains(text, want) {
			t.Errorf("%s is not in %s", want, text)
		}
	}
}

func TestRoomsAreApart(t *testing.T) {
	s := serve(t, relay.Config{})
	a, b := s.pair("one")
	c, d := s.pair("two")
	a.write(`{"in":"one"}`)
	c.write(`{"to":"` + a.id + `"}`)
	c.expectError(wire.CodeNotFound)
	undisturbed(c, d)
	b.expectText(`{"from":"` + a.id + `","in":"one"}`)
}

func TestBroadcastReachesEverybodyElse(t *testing.T) {
	s := serve(t, relay.Config{})
	a, b := s.pair("r")
	c, _ := s.join("", "room", "r")
	a.expectJoined(c.id)
	b.expectJoined(c.id)
	c.write(`{"candidate":null}`)
	a.expectText(`{"from":"` + c.id + `","candidate":null}`)
	b.expectText(`{"from":"` + c.id + `","candidate":null}`)
	undisturbed(a, b)
	// c did not hear itself: what it hears next is the answer of b to a, or
	// rather the broadcast of a.
	c.expectText(`{"from":"` + a.id + `","n":1}`)
}

// Browsers cannot ping. Messages to themselves serve instead.
func TestAMessageToOneself(t *testing.T) {
	s := serve(t, relay.Config{})
	a, b := s.pair("r")
	a.write(`{"to":"` + a.id + `","n":0}`)
	a.expectText(`{"from":"` + a.id + `","to":"` + a.id + `","n":0}`)
	undisturbed(a, b)
}

func TestOrder(t *testing.T) {
	s := serve(t, relay.Config{})
	a, b := s.pair("r")
	const n = 500
	go func() {
		for i := range n {
			text, _ := json.Marshal(map[string]any{"n": i, "to": b.id})
			if a.ws.WriteMessage(websocket.TextMessage, text) != nil {
				return
			}
		}
	}()
	for i := range n {
		var got struct{ N int }
		if err := json.Unmarshal([]byte(b.readText()), &got); err != nil || got.N != i {
			t.Fatalf("message %d: got %d, %v", i, got.N, err)
		}
	}
}

// Each peer in the room learns of each other peer once: in the welcome or by a
// joined that follows it.
func TestMembershipWithoutGapOrRepetition(t *testing.T) {
	const n = 8
	s := serve(t, relay.Config{PeersPerRoom: n})
	clients := make([]*client, n)
	seen := make(chan error, n)
	for i := range clients {
		clients[i] = s.dial("", "room", "r")
	}
	for _, c := range clients {
		go func() {
			known := map[string]bool{}
			for first := true; len(known) < n-1; first = false {
				var e envelope
				if err := c.ws.ReadJSON(&e); err != nil {
					seen <- err
					return
				}
				if first != (e.Welcome != nil) {
					seen <- errors.New("the welcome is not the first frame, and only that")
					return
				}
				members := []wire.Member{}
				if first {
					members = e.Welcome.Peers
				} else if e.Joined != nil {
					members = append(members, *e.Joined)
				}
				for _, m := range members {
					if known[m.ID] {
						seen <- errors.New(m.ID + " was told twice")
						return
					}
					known[m.ID] = true
				}
			}
			seen <- nil
		}()
	}
	for range clients {
		if err := <-seen; err != nil {
			t.Error(err)
		}
	}
}

func TestRoomIsDeletedWhenEmpty(t *testing.T) {
	s := serve(t, relay.Config{})
	a, b := s.pair("r")
	c, _ := s.join("", "room", "other")
	if got, want := s.relay.Stats(), (relay.Stats{Connections: 3, Rooms: 2}); got != want {
		t.Fatalf("got %+v, want %+v", got, want)
	}
	a.quit()
	b.expectLeft(a.id)
	if got := s.relay.Stats().Rooms; got != 2 {
		t.Fatalf("got %d rooms, want 2", got)
	}
	b.quit()
	c.quit()
	if got := s.relay.Stats().Rooms; got != 0 {
		t.Fatalf("got %d rooms, want none", got)
	}
	// A refused client creates no room.
	d := s.dial("short", "room", "r")
	d.expectError(wire.CodeBadKey)
	if got := s.relay.Stats().Rooms; got != 0 {
		t.Fatalf("got %d rooms, want none", got)
	}
}

// Each client has ICE servers of its own, and is sent fresh ones before the credentials
// expire, be they those of the configuration or those that Admit grants.
func TestICEServersPerClient(t *testing.T) {
	type source func(id string) ([]wire.ICEServer, time.Time)
	for name, from := range map[string]func(source) relay.Config{
		"configured": func(f source) relay.Config { return relay.Config{ICEServersFor: f} },
		"granted": func(f source) relay.Config {
			return relay.Config{
				ICEServersFor: func(string) ([]wire.ICEServer, time.Time) {
					t.Error("those of the configuration are told, too")
					return nil, time.Time{}
				},
				Admit: func(context.Context, *http.Request, relay.Candidate) (relay.Grant, error) {
					return relay.Grant{ICEServers: []wire.ICEServer{{URLs: []string{"stun:x"}}}, ICEServersFor: f}, nil
				},
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			const lifetime = 400 * time.Millisecond
			var asked, issued atomic.Int64
			config := from(func(id string) ([]wire.ICEServer, time.Time) {
				if asked.Add(1) == 1 {
					return nil, time.Time{}
				}
				return []wire.ICEServer{{URLs: []string{"turn:x"}, Username: id, Credential: strconv.FormatInt(issued.Add(1), 10)}}, time.Now().Add(lifetime)
			})
			config.PingInterval = 40 * time.Millisecond
			s := serve(t, config)
			other, welcome := s.join("", "room", "r")
			if len(welcome.ICEServers) != 0 {
				t.Errorf("it is told %+v", welcome.ICEServers)
			}
			c, welcome := s.join("", "room", "r")
			other.expectJoined(c.id)
			had := welcome.ICEServers
			for range 3 {
				if len(had) != 1 || had[0].Username != c.id {
					t.Fatalf("it is told %+v", had)
				}
				fresh := c.read().ICEServers
				if len(fresh) != 1 || fresh[0].Credential == had[0].Credential {
					t.Fatalf("after %+v it is told %+v", had, fresh)
				}
				had = fresh
			}
			c.quit()
			other.expectLeft(c.id) // and nothing before
		})
	}
}

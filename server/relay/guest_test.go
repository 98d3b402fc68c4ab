package relay_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"perfect-negotiation/negotiation/signaling/wire"
	"perfect-negotiation/server/relay"
)

// told is a [relay.Receiver] that keeps what it is told.
type told struct {
	texts chan string
	owes  chan [3]int
	ended chan *wire.Error
}

func newTold() told {
	return told{make(chan string, 100), make(chan [3]int, 100), make(chan *wire.Error, 1)}
}

func (to told) Welcome(others []wire.Member)   { to.texts <- fmt.Sprint("welcome ", len(others)) }
func (to told) Send(text []byte)               { to.texts <- string(text) }
func (to told) Charge(bytes, frames, toll int) { to.owes <- [3]int{bytes, frames, toll} }
func (to told) End(reason *wire.Error)         { to.ended <- reason }

// A guest is a member as any other. It is charged for deliveries beyond the first, and
// who sends to one for which much waits at its node pays for that.
func TestGuest(t *testing.T) {
	s := serve(t, relay.Config{})
	x, _ := s.join("", "room", "r")
	y, _ := s.join("", "room", "r")
	x.expectJoined(y.id)
	to := newTold()
	g, refused := s.relay.Invite(relay.Entrance{Room: "r", Member: wire.Member{ID: "guest"}}, to)
	if refused != nil {
		t.Fatal(refused)
	}
	if got := <-to.texts; got != "welcome 2" {
		t.Errorf("told %q", got)
	}
	<-to.owes // for joining
	x.expectJoined("guest")
	y.expectJoined("guest")
	message := `{"from":"guest","n":1}`
	g.Pass(relay.Message{Data: []byte(message)})
	x.expectText(message)
	y.expectText(message)
	if got := <-to.owes; got[0] < len(message) || got[1] != 1 || got[2] != 0 {
		t.Errorf("a message to two is charged with %v more", got)
	}
	g.Pass(relay.Message{To: x.id, Addressed: true, Data: []byte(message)})
	x.expectText(message)

	large := `{"to":"guest","n":"` + strings.Repeat("x", 4000) + `"}`
	x.write(large)
	<-to.texts
	g.Slow()
	x.write(large)
	<-to.texts
	start := time.Now()
	x.write(large)
	<-to.texts
	if took := time.Since(start); took < time.Second/2 {
		t.Errorf("the sender to a slow guest waits %v", took)
	}
	if len(to.owes) != 0 {
		t.Errorf("messages to one are charged with %v", <-to.owes)
	}

	s.relay.Disband("r")
	x.expectError(wire.CodeShutdown)
	y.expectError(wire.CodeShutdown)
	if got := <-to.ended; got.Code != wire.CodeShutdown {
		t.Errorf("ended with %v", got)
	}
	g.Leave()
	if _, welcome := s.join("", "room", "r"); len(welcome.Peers) != 0 {
		t.Errorf("welcomed by %+v", welcome.Peers)
	}
}

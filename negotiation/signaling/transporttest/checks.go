package transporttest

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation"
	"perfect-negotiation/negotiation/signaling"
	"perfect-negotiation/negotiation/signaling/wire"
)

func refusesOptions(r *room) error {
	o := r.options()
	o.Room = ""
	transport, err := r.dial(r.ctx, o, signaling.Handler{
		Connected: func() {}, Received: func(signaling.Envelope) {}, Disconnected: func(error, time.Duration, bool) {},
	})
	if err == nil {
		transport.Close()
		<-transport.Done()
		return errors.New("a room without a name is entered: call Options.Validate")
	}
	return nil
}

// presence: whoever is there is told who comes and goes.
func presence(r *room) error {
	list, err := r.enterAs(3)
	if err != nil {
		return err
	}
	a, b, c := list[0], list[1], list[2]
	if a.id == b.id || a.id == c.id || b.id == c.id {
		return errors.New("two members have the same id")
	}
	b.transport.Close()
	c.cancel()
	for _, gone := range []*member{b, c} {
		if err := a.await("Left", func(e signaling.Envelope) bool { return e.Left != nil && e.Left.ID == gone.id }); err != nil {
			return err
		}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	there := map[string]bool{}
	for _, e := range a.heard {
		switch {
		case e.Joined != nil:
			there[e.Joined.ID] = true
		case e.Left != nil && !there[e.Left.ID]:
			return errors.New("a peer leaves that had not joined")
		case e.Left != nil:
			delete(there, e.Left.ID)
		}
	}
	return nil
}

// arrives: all that peers say to each other arrives as it was sent, at the addressee
// alone, under the sender's name.
func arrives(r *room) error {
	list, err := r.enterAs(3)
	if err != nil {
		return err
	}
	a, b, c := list[0], list[1], list[2]
	ufrag, mid, line := "ufrag", "0", uint16(0)
	sdp := func(size int) *negotiation.Message {
		text := "v=0\r\ns=\"\\ é 漢 \U0001f600 \u2028\r\n"
		return &negotiation.Message{Description: &webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: text + strings.Repeat("a", size-len(text))}}
	}
	for i, e := range []signaling.Envelope{
		{Message: sdp(1000)},
		{Message: sdp(60_000)},
		{Message: &negotiation.Message{Candidate: &webrtc.ICECandidateInit{Candidate: "candidate:1 1 udp 1 192.0.2.1 9 typ host", UsernameFragment: &ufrag, SDPMid: &mid, SDPMLineIndex: &line}}},
		{Message: &negotiation.Message{}}, // the end of candidates
		{Hello: &wire.Hello{Source: "source", Version: "version", Protocol: wire.Protocol, Trace: true}},
		{Request: wire.RequestRestart},
		{Refused: &wire.Refused{Code: "code", Message: "message"}},
		{Bye: true},
	} {
		e.Session, e.PeerSession, e.Bound, e.Ack, e.Seq = fmt.Sprint("session", i), "other", true, 1<<40, uint64(i+1)
		e.From = c.id // it pretends to be another
		got, err := a.tells(b, e, func(got signaling.Envelope) bool { return got.Session == e.Session })
		if err != nil {
			return fmt.Errorf("envelope %d: %w", i, err)
		}
		if got.From != a.id {
			return fmt.Errorf("envelope %d of %q comes from %q, as its sender pretends", i, a.id, got.From)
		}
		got.From, got.To, e.From, e.To = "", "", "", ""
		sent, _ := e.MarshalJSON()
		if came, _ := got.MarshalJSON(); string(came) != string(sent) {
			return fmt.Errorf("envelope %d was sent as %.200s and comes as %.200s", i, sent, came)
		}
	}
	if ok, _ := c.has(func(e signaling.Envelope) bool { return e.From != "" }); ok {
		return errors.New("what is said to one is heard by another")
	}
	large := signaling.Envelope{Session: "large", Message: sdp(1 << 20)}
	switch _, err := a.tells(b, large, func(got signaling.Envelope) bool { return got.Session == large.Session }); {
	case err != nil && !errors.Is(err, signaling.ErrTooLarge):
		return fmt.Errorf("an envelope of 1 MB: %w; ErrTooLarge would say why", err)
	}
	return nil
}

// loses: a transport may lose, but what it takes is not lost as a rule.
func loses(r *room) error {
	list, err := r.enterAs(2)
	if err != nil {
		return err
	}
	const n = 200
	sent := map[string]bool{}
	for i := range n {
		e := signaling.Envelope{To: list[1].id, Session: fmt.Sprint("s", i)}
		if list[0].transport.Send(e) == nil {
			sent[e.Session] = true
		}
		time.Sleep(2 * time.Millisecond)
	}
	if len(sent) < n/2 {
		return fmt.Errorf("of %d messages in 0.4 s it takes %d", n, len(sent))
	}
	arrived := map[string]bool{}
	_, err = list[1].hears(func(e signaling.Envelope) bool {
		if sent[e.Session] {
			arrived[e.Session] = true
		}
		return len(arrived) == len(sent)
	}, 2*time.Second)
	if err == nil && len(arrived) < len(sent)*8/10 {
		err = fmt.Errorf("of %d messages that it took, %d have arrived", len(sent), len(arrived))
	}
	return err
}

// sequential: two that answer each other from their handlers.
func sequential(r *room) error {
	const rounds = 50
	var a, b *member
	met := make(chan struct{})
	answer := func(m, to **member) func(signaling.Envelope) {
		return func(e signaling.Envelope) {
			if e.Seq > 0 && e.Seq < rounds {
				<-met
				_ = (*m).transport.Send(signaling.Envelope{To: (*to).id, Session: "s", PeerSession: "r", Bound: true, Seq: e.Seq + 1})
			}
		}
	}
	var err error
	if a, err = r.enter(r.options(), answer(&a, &b)); err != nil {
		return err
	}
	if b, err = r.enter(r.options(), answer(&b, &a)); err != nil {
		return err
	}
	close(met)
	if err := errors.Join(a.meets(b), b.meets(a)); err != nil {
		return err
	}
	begin := signaling.Envelope{To: b.id, Session: "s", PeerSession: "r", Bound: true, Seq: 1}
	over := func(e signaling.Envelope) bool { return e.Seq == rounds }
	for range tries { // one of them may be lost
		if err := a.transport.Send(begin); err != nil {
			return err
		}
		for _, m := range []*member{a, b} {
			if ok, err := m.hears(over, apart); ok || err != nil {
				return err
			}
		}
	}
	return errors.New("it does not get an answer through")
}

// blocks: Send returns at once, even if nobody listens.
func blocks(r *room) error {
	release := make(chan struct{})
	defer close(release)
	listens := make(chan struct{}, 1)
	a, err := r.enter(r.options(), nil)
	if err != nil {
		return err
	}
	b, err := r.enter(r.options(), func(e signaling.Envelope) {
		if e.From != "" {
			select {
			case listens <- struct{}{}:
			default:
			}
			<-release
		}
	})
	if err != nil {
		return err
	}
	if err := a.meets(b); err != nil {
		return err
	}
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		for i := 0; i < 5000 && r.ctx.Err() == nil; i++ {
			_ = a.transport.Send(signaling.Envelope{To: b.id, Request: strings.Repeat("a", 1000)}) // it may refuse
		}
	}()
	select {
	case <-sent:
		return nil
	case <-time.After(within):
		return errors.New("a call of Send waits for a peer that does not listen")
	}
}

// identity: the same key is the same id, and another one another.
func identity(r *room) error {
	o := r.options()
	before, err := r.enter(o, nil)
	if err != nil {
		return err
	}
	before.transport.Close()
	<-before.transport.Done()
	after, err := r.enter(o, nil)
	if err != nil {
		return err
	}
	other, err := r.enter(r.options(), nil)
	switch {
	case err != nil:
		return err
	case before.id != after.id:
		return errors.New("the same Key has another id")
	case other.id == after.id:
		return errors.New("another Key has the same id")
	case after.id == o.Key:
		return errors.New("the id is the Key, which is a secret")
	}
	return nil
}

// ends: after Close nothing is called, and nothing can be sent.
func ends(r *room) error {
	list, err := r.enterAs(2)
	if err != nil {
		return err
	}
	a, b := list[0], list[1]
	for range 100 {
		_ = b.transport.Send(signaling.Envelope{To: a.id, Session: "late"})
	}
	a.transport.Close()
	select {
	case <-a.transport.Done():
	case <-time.After(within):
		return fmt.Errorf("the channel Done is not closed within %s of Close", within)
	}
	a.mu.Lock()
	calls := a.calls
	a.mu.Unlock()
	a.transport.Close()
	a.transport.Check()
	if a.transport.Send(signaling.Envelope{To: b.id, Session: "late"}) == nil {
		return errors.New("after its end it takes messages, which are lost in silence")
	}
	for range 100 {
		_ = b.transport.Send(signaling.Envelope{To: a.id, Session: "later"})
	}
	time.Sleep(100 * time.Millisecond) // for what must not come
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.calls != calls {
		return errors.New("the handler is called after Done is closed")
	}
	return nil
}

package peer

import "sync"

// calls runs functions of Config: those for one peer one after the other, and those for
// other peers meanwhile. There is a goroutine for a peer only while there is something to
// run. The zero value is ready.
type calls struct {
	mu      sync.Mutex
	waiting map[string][]func() // by the id of a peer that has a goroutine
}

// add runs f after all that was added for the peer id before. wait counts the goroutines.
func (c *calls) add(wait *sync.WaitGroup, id string, f func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.waiting == nil {
		c.waiting = map[string][]func(){}
	}
	list, running := c.waiting[id]
	c.waiting[id] = append(list, f)
	if !running {
		wait.Go(func() {
			for list := c.next(id); list != nil; list = c.next(id) {
				for _, f := range list {
					f()
				}
			}
		})
	}
}

// next returns what to run next; nil: nothing, and the goroutine ends.
func (c *calls) next(id string) []func() {
	c.mu.Lock()
	defer c.mu.Unlock()
	list := c.waiting[id]
	if list == nil {
		delete(c.waiting, id)
	} else {
		c.waiting[id] = nil
	}
	return list
}

// Message is what one peer sends to another.
type Message struct {
	Data []byte
	Text bool // it was sent as text, which need not be valid UTF-8
}

// String returns the data as text.
func (m Message) String() string { return string(m.Data) }

// call calls one of the functions of Config that concern a peer, if it is set.
func (r *remote) call(f func(p *Peer, id string)) {
	if f != nil {
		r.peer.calls.add(&r.peer.wait, r.id, func() { f(r.peer, r.id) })
	}
}

// hasData is called when a data channel has opened. While one for chat is being created,
// others do not count: OnConnect says that the peer can be talked to.
func (p *pairing) hasData() {
	if p.greeted || p.connecting && p.chat() == nil || len(p.channels)+len(p.named) == 0 {
		return
	}
	p.greeted = true
	p.remote.call(p.remote.peer.config.OnConnect)
}

// connectionEnded is called when the pairing has ended.
func (p *pairing) connectionEnded() {
	if p.greeted {
		p.remote.call(p.remote.peer.config.OnDisconnect)
	}
}

// messageReceived hands a message over and calls done when it has been handled.
func (p *pairing) messageReceived(m Message, done func()) {
	peer, id := p.remote.peer, p.remote.id
	if peer.config.OnMessage == nil || p.remote.pairing != p {
		done()
		return
	}
	peer.calls.add(&peer.wait, id, func() {
		peer.config.OnMessage(peer, id, m)
		done()
	})
}

package peer

import (
	"errors"

	"perfect-negotiation/negotiation"
	"perfect-negotiation/negotiation/trace"
)

// sending identifies a track that a Peer sends: its addressee and its name.
type sending struct{ to, name string }

// Publish sends track to the peer with the id to, or, if to is empty, to all peers,
// including those that join later. It replaces a track that is sent there under the
// same name.
func (p *Peer) Publish(to, name string, track Track) { p.send(sending{to, name}, &track) }

// Unpublish stops what Publish began.
func (p *Peer) Unpublish(to, name string) { p.send(sending{to, name}, nil) }

func (p *Peer) send(what sending, track *Track) {
	p.mu.Lock()
	if track == nil {
		delete(p.tracks, what)
	} else {
		p.tracks[what] = *track
	}
	p.mu.Unlock()
	p.enqueue(func() {
		kind := trace.SendingStarted
		if track == nil {
			kind = trace.SendingStopped
		}
		p.tell(trace.Event{Kind: kind, Peer: what.to, Detail: what.name})
		for id, r := range p.remotes {
			if r.pairing != nil && (what.to == "" || what.to == id) {
				r.pairing.mediaChanged()
			}
		}
	})
}

// tracksFor returns the tracks for the peer id. Any goroutine may call it.
func (p *Peer) tracksFor(id string) map[sending]Track {
	p.mu.Lock()
	defer p.mu.Unlock()
	wanted := map[sending]Track{}
	for what, track := range p.tracks {
		if what.to == "" || what.to == id {
			wanted[what] = track
		}
	}
	return wanted
}

// mediaChanged negotiates the tracks to send, once there is something to negotiate.
func (p *pairing) mediaChanged() {
	if !p.begun {
		return
	}
	peer := p.remote.peer
	peer.wait.Go(func() {
		err := p.session.Do(p.updateSenders)
		if err != nil && !errors.Is(err, negotiation.ErrClosed) {
			peer.enqueue(func() {
				p.remote.tell(trace.Event{Kind: trace.SendingFailed, Code: trace.NotSent, Err: err, Detail: err.Error()})
			})
		}
	})
}

// updateSenders makes the senders match the wanted tracks. It runs inside Do.
func (p *pairing) updateSenders() error {
	wanted := p.remote.peer.tracksFor(p.remote.id)
	var err error
	for what, s := range p.senders {
		if _, ok := wanted[what]; !ok {
			err = errors.Join(err, s.stop())
		}
	}
	for what, track := range wanted {
		if p.senders[what] == nil {
			p.senders[what] = newSender(p.pc)
		}
		err = errors.Join(err, p.senders[what].start(track))
	}
	return err
}

package relay

import (
	"maps"
	"net/http"
	"sync"
	"sync/atomic"

	"perfect-negotiation/negotiation/signaling/wire"
)

// Totals are counts since [New]. They only grow.
type Totals struct {
	Handshakes   uint64            // WebSockets that were opened
	Joins        uint64            // clients that were welcomed, also those that came back
	Messages     uint64            // taken from clients to be passed on
	MessageBytes uint64            // of Messages
	Frames       uint64            // written to clients: messages, those of the relay itself, control frames
	FrameBytes   uint64            // of Frames
	Rejects      map[string]uint64 // requests, clients and messages that were refused, by a reason below or the code of a wire.Error
	Evictions    map[string]uint64 // clients that the relay put out, by a reason below or the code of a wire.Error
}

// Reasons in [Totals] beside the codes of errors.
const (
	RejectNotWebSocket = "not-websocket" // a plain HTTP request, or a malformed one
	RejectOrigin       = "origin"        // a page of another site
	RejectAddress      = "address"       // a client whose address costs too much already
	RejectFull         = "full"          // a client of a relay that has no room for it
	EvictSilent        = "silent"        // no sign of life
)

// Totals returns the current counts.
func (r *Relay) Totals() Totals {
	t := &r.totals
	return Totals{
		Handshakes:   t.handshakes.Load(),
		Joins:        t.joins.Load(),
		Messages:     t.messages.Load(),
		MessageBytes: t.messageBytes.Load(),
		Frames:       t.frames.Load(),
		FrameBytes:   t.frameBytes.Load(),
		Rejects:      t.rejects.read(),
		Evictions:    t.evictions.read(),
	}
}

// totals are the counts of a relay, to be added to from any goroutine.
type totals struct {
	handshakes, joins      atomic.Uint64
	messages, messageBytes atomic.Uint64
	frames, frameBytes     atomic.Uint64
	rejects, evictions     tally
}

// taken counts a message of n bytes.
func (t *totals) taken(n int) {
	t.messages.Add(1)
	t.messageBytes.Add(uint64(n))
}

// written counts a frame of n bytes.
func (t *totals) written(n int) {
	t.frames.Add(1)
	t.frameBytes.Add(uint64(n))
}

// tally counts by reason. There are as many reasons as constants.
type tally struct {
	mu sync.Mutex
	of map[string]uint64
}

func (t *tally) add(reason string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.of == nil {
		t.of = map[string]uint64{}
	}
	t.of[reason]++
}

func (t *tally) read() map[string]uint64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return maps.Clone(t.of)
}

// reason returns which of the counts of rejects a refusal is for.
func (f *Refusal) reason() string {
	switch {
	case f == refuseShutdown:
		return wire.CodeShutdown
	case f.Status == http.StatusTooManyRequests:
		return RejectAddress
	default:
		return RejectFull
	}
}

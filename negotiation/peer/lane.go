package peer

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation/trace"
)

// Limits of the data channel over which two peers exchange the trace of their
// pairing.
const (
	laneLabel   = "trace"
	maxWaiting  = 32 << 10               // bytes of lines waiting for the channel
	maxLaneText = 16 << 10               // bytes per message, lines separated by newlines; two may be in the channel
	maxLaneLine = 4 << 10                // bytes
	laneBurst   = 256 << 10              // bytes accepted at once
	laneRate    = 128 << 10              // bytes per second accepted in the long run
	laneDelay   = 100 * time.Millisecond // for which lines wait for more of them
)

// lane is that channel. It exists if both sides announced it in their greetings. The
// polite peer opens it once another data channel is open, so that it needs no
// negotiation. It belongs to the Peer's goroutine; a nil lane does nothing.
type lane struct {
	p       *pairing
	channel *webrtc.DataChannel // nil: none yet
	opening bool
	open    bool

	waiting []byte // lines, each with a newline
	due     timer  // for flush; to send while a browser negotiates would delay that
	lost    uint64 // events since the last one in waiting
}

// share sends an event to the other sides that it concerns.
func (p *Peer) share(e trace.Event) {
	switch {
	case e.Peer != "":
		if r := p.remotes[e.Peer]; r != nil && r.pairing != nil && e.Life == r.life {
			r.pairing.lane.tell(e)
		}
	case e.Kind == trace.RelayConnected, e.Kind == trace.RelayLost:
		e.Err, e.Detail = nil, "" // they name our relay
		for _, r := range p.remotes {
			if r.pairing != nil {
				r.pairing.lane.tell(e)
			}
		}
	}
}

// tell queues an event if there is room, without chat, which is private, and without
// descriptions, which the other side has.
func (l *lane) tell(e trace.Event) {
	switch {
	case l == nil, e.Kind == trace.ChatSent, e.Kind == trace.ChatReceived, e.Kind == trace.ChatNotSent:
		return
	}
	e.Peer, e.SDP = "", ""
	e.Role = l.p.remote.role()
	waited := len(l.waiting)
	if l.lost > 0 {
		gap := trace.LineOf(trace.Event{Time: e.Time, Role: e.Role, Kind: trace.EventsLost, Detail: strconv.FormatUint(l.lost, 10)})
		l.waiting = append(gap.Append(l.waiting), '\n')
	}
	before := len(l.waiting)
	l.waiting = append(trace.LineOf(e).Append(l.waiting), '\n')
	if len(l.waiting) > maxWaiting || len(l.waiting)-before > maxLaneLine {
		l.waiting = l.waiting[:waited]
		l.lost++
		return
	}
	l.lost = 0
	switch {
	case !l.open:
	case len(l.waiting) > maxLaneText:
		l.flush()
	case !l.due.isSet():
		l.due.set(l.p.remote.peer, laneDelay, l.flush)
	}
}

// flush sends the waiting lines, one message at a time: the next when the channel has
// little left, but before it is empty. Chromium (156) counts forever what is sent
// first on a channel that the other side has opened.
func (l *lane) flush() {
	l.due.stop()
	if !l.open || len(l.waiting) == 0 || l.channel.BufferedAmount() > maxLaneText {
		return
	}
	n := len(l.waiting)
	if n > maxLaneText {
		n = bytes.LastIndexByte(l.waiting[:maxLaneText], '\n') + 1
	}
	if err := l.channel.SendText(string(l.waiting[:n-1])); err != nil {
		l.open = false // it is closing
		return
	}
	if l.waiting = append(l.waiting[:0], l.waiting[n:]...); len(l.waiting) > 0 {
		l.flush()
	}
}

// end sends what can still be sent.
func (l *lane) end() {
	if l != nil {
		l.flush()
	}
}

// begin opens the channel, once. It is called when another one is open.
func (l *lane) begin() {
	if l == nil || l.opening || !l.p.remote.polite {
		return
	}
	l.opening = true
	l.p.session.Post(func() error {
		dc, err := l.p.pc.CreateDataChannel(laneLabel, nil)
		if err == nil {
			l.listen(dc, true)
		}
		return err
	})
}

// listen is called as soon as the channel is known, our own or received.
func (l *lane) listen(dc *webrtc.DataChannel, own bool) {
	p := l.p
	enqueue := p.remote.peer.enqueue
	enqueue(func() {
		switch {
		case p.remote.pairing != p: // it came while the pairing ended
			_ = dc.Close()
		case own == p.remote.polite && l.channel == nil:
			l.channel = dc
		default:
			p.refuse(dc, trace.TooManyChannels, errCrowd)
		}
	})
	dc.SetBufferedAmountLowThreshold(maxLaneText)
	dc.OnBufferedAmountLow(func() { enqueue(l.flush) })
	opened := func() {
		if p.remote.pairing == p && l.channel == dc {
			l.open = true
			l.flush()
		}
	}
	closed := func() {
		_ = dc.Close() // releases its handlers
		if l.channel == dc {
			l.open = false
		}
	}
	if err := listen(dc, func() { enqueue(opened) }, l.hear(dc), func(bool) { enqueue(closed) }); err != nil {
		enqueue(func() { l.refuse(dc, err) })
	}
}

// refuse closes the channel.
func (l *lane) refuse(dc *webrtc.DataChannel, err error) {
	if l.p.remote.pairing == l.p && l.channel == dc {
		l.open = false
		l.p.remote.tell(trace.Event{Kind: trace.MessageRefused, Code: trace.BadMessage, Err: err, Detail: err.Error()})
	}
	_ = dc.Close()
}

// hear returns the handler of the channel's messages. It skips what exceeds the
// limits and marks the gap. After an invalid message it accepts nothing more.
func (l *lane) hear(dc *webrtc.DataChannel) func(data []byte, text bool) {
	p := l.p
	peer, told, lost, refused := p.remote.peer, budget{}, 0, false
	return func(data []byte, text bool) {
		n := len(data) + messageCost
		switch {
		case refused:
			return
		case !told.take(n) || !p.unread.TryAcquire(int64(n)):
			lost += bytes.Count(data, []byte{'\n'}) + 1
			return
		}
		lines, err := heard(data, text)
		if err != nil {
			refused = true
			peer.enqueue(func() { l.refuse(dc, err) })
		}
		if lost > 0 {
			gap := trace.LineOf(trace.Event{Time: time.Now(), Kind: trace.EventsLost, Detail: strconv.Itoa(lost)})
			lines = append([]trace.Line{gap}, lines...)
			lost = 0
		}
		peer.enqueue(func() {
			p.unread.Release(int64(n))
			if p.remote.pairing != p || l.channel != dc {
				return
			}
			for _, line := range lines {
				line.Side, line.Event.Peer, line.Event.Life, line.Event.SDP = trace.There, p.remote.id, p.life, ""
				peer.config.OnRemoteTrace(p.remote.id, line)
			}
		})
	}
}

var errLane = errors.New("peer: the other side's trace cannot be read")

// heard reads the lines of a message. For a known kind of event the words are ours.
func heard(data []byte, text bool) (lines []trace.Line, err error) {
	if !text || len(data) > maxLaneText {
		return nil, fmt.Errorf("%w: a message of it is not text, or too long", errLane)
	}
	for more := true; more; {
		var text []byte
		text, data, more = bytes.Cut(data, []byte{'\n'})
		if len(text) > maxLaneLine {
			return nil, fmt.Errorf("%w: a line of it is too long", errLane)
		}
		line, err := trace.ParseLine(text)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", errLane, err)
		}
		if level := line.Event.Level(); level != "" {
			line.Level, line.Text = level, line.Event.String()
		}
		line.Text = trace.Printable(line.Text)
		lines = append(lines, line)
	}
	return lines, nil
}

// budget limits the bytes accepted: at most laneBurst at once, and laneRate per
// second.
type budget struct {
	left float64
	at   time.Time
}

func (b *budget) take(n int) bool {
	now := time.Now()
	b.left = min(laneBurst, b.left+now.Sub(b.at).Seconds()*laneRate)
	b.at = now
	if float64(n) > b.left {
		return false
	}
	b.left -= float64(n)
	return true
}

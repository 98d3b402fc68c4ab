package peer

import (
	"encoding/binary"
	"errors"
)

// The protocols of data channels that are no chat. See the documentation of the package.
const (
	protocolCredit = "pn.credit" // of reliable ones
	protocolPlain  = "pn"        // without credit
)

const (
	window     = 1 << 20                // cost of the messages that may wait to be received; see costOf
	maxMessage = window/2 - messageCost // bytes; a credit is at least as large once all is received
)

// Kinds of binary messages on a channel with credit, in their first byte.
const (
	kindData   = iota // bytes follow
	kindCredit        // a total follows: the cost of all that the receiver of this may send
	kindEnd           // a total follows: the cost of all that was sent; nothing will follow it
)

var errCredit = errors.New("peer: the other side does not keep to the credit of its data channel")

// costOf returns what a message of n bytes counts against the credit.
func costOf(n int) uint64 { return min(uint64(n)+messageCost, window) }

// total returns a message that states a total.
func total(kind byte, n uint64) []byte {
	return binary.BigEndian.AppendUint64([]byte{kind}, n)
}

// parseFrame returns the kind of a binary message, and what follows it.
func parseFrame(data []byte) (kind byte, content []byte, n uint64, err error) {
	switch {
	case len(data) > 0 && data[0] == kindData:
		return kindData, data[1:], 0, nil
	case len(data) == 9 && (data[0] == kindCredit || data[0] == kindEnd):
		return data[0], nil, binary.BigEndian.Uint64(data[1:]), nil
	}
	return 0, nil, 0, errCredit
}

// outgoing counts what is sent on a channel with credit.
type outgoing struct{ sent, allowed uint64 }

// allow takes note of a credit. A larger one than the window would have us buffer as much
// as the other side wants.
func (o *outgoing) allow(n uint64) error {
	if n > o.sent+window {
		return errCredit
	}
	o.allowed = max(o.allowed, n) // they may come in any order
	return nil
}

// incoming has the messages that were not received yet, and counts on a channel with
// credit.
type incoming struct {
	list    []Message
	first   int    // in list
	came    uint64 // cost of all that has come
	granted uint64
	ended   bool
	final   uint64 // if ended: the cost of all that will have come
}

// put adds a message.
func (in *incoming) put(m Message) { in.list = append(in.list, m) }

// charge counts a message that has come.
func (in *incoming) charge(n int) error {
	in.came += costOf(n)
	if in.came > in.granted || in.ended && in.came > in.final {
		return errCredit
	}
	return nil
}

// end takes note of the end.
func (in *incoming) end(n uint64) error {
	if in.ended || n < in.came || n > in.granted {
		return errCredit
	}
	in.ended, in.final = true, n
	return nil
}

// over reports whether all has come.
func (in *incoming) over() bool { return in.ended && in.came == in.final }

// take returns the oldest message, if there is one.
func (in *incoming) take() (m Message, ok bool) {
	if in.first == len(in.list) {
		return m, false
	}
	m, in.list[in.first] = in.list[in.first], Message{}
	if in.first++; in.first == len(in.list) {
		in.list, in.first = in.list[:0], 0
	}
	return m, true
}

// grant returns a new credit, if one is due: half a window at a time.
func (in *incoming) grant(waiting uint64) (credit uint64, due bool) {
	credit = in.came - waiting + window
	if credit-in.granted < window/2 {
		return 0, false
	}
	in.granted = credit
	return credit, true
}

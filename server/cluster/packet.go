package cluster

import (
	"encoding/binary"
	"errors"
)

// packetVersion is the first byte of a packet. It changes only if older nodes could not
// read the header or tell the frames apart: kinds of frames that a node does not know are
// skipped, as are fields of JSON.
const packetVersion = 1

// header begins each packet. The numbers are big-endian.
type header struct {
	epoch   uint64 // of the link, at the sender
	answers uint64 // the receiver's epoch that the sender goes by; 0: none yet
	number  uint64 // of this packet, from 1; of the last one if this is a beat, which has no frames
}

const headerSize = 1 + 3*8

var errPacket = errors.New("not a packet of this version")

func (h header) append(b []byte) []byte {
	b = append(b, packetVersion)
	b = binary.BigEndian.AppendUint64(b, h.epoch)
	b = binary.BigEndian.AppendUint64(b, h.answers)
	return binary.BigEndian.AppendUint64(b, h.number)
}

// parsePacket returns the header of a packet and its frames.
func parsePacket(b []byte) (h header, frames []byte, err error) {
	if len(b) < headerSize || b[0] != packetVersion {
		return h, nil, errPacket
	}
	h.epoch = binary.BigEndian.Uint64(b[1:])
	h.answers = binary.BigEndian.Uint64(b[9:])
	h.number = binary.BigEndian.Uint64(b[17:])
	if h.epoch == 0 {
		return h, nil, errPacket
	}
	return h, b[headerSize:], nil
}

// kind says what a frame is for.
type kind byte

// Frames from the node of a client to that of its room, and back. Those of a client are
// told apart by the number that its node has given it on this link.
const (
	kindJoin    kind = 'J' // join, in JSON
	kindSay     kind = 'A' // a message to all others
	kindTell    kind = 'M' // a message to one: the length of its id, the id, the message
	kindSlow    kind = 'S' // much waits for the client
	kindLeave   kind = 'L'
	kindMoved   kind = 'N' // the room does not live here: find it again
	kindWelcome kind = 'W' // []wire.Member in JSON: the others
	kindText    kind = 'F' // what the client is told
	kindCharge  kind = 'C' // bytes, frames, toll
	kindEnd     kind = 'E' // wire.Error in JSON
)

// frame is one thing that a packet says.
type frame struct {
	kind   kind
	client uint64
	body   []byte
}

// appendFrame appends a frame whose body is parts in turn.
func appendFrame(b []byte, k kind, client uint64, parts ...[]byte) []byte {
	n := 0
	for _, p := range parts {
		n += len(p)
	}
	b = append(b, byte(k))
	b = binary.AppendUvarint(b, client)
	b = binary.AppendUvarint(b, uint64(n))
	for _, p := range parts {
		b = append(b, p...)
	}
	return b
}

// nextFrame takes the first frame off.
func nextFrame(b []byte) (f frame, rest []byte, ok bool) {
	if len(b) == 0 {
		return f, nil, false
	}
	f.kind = kind(b[0])
	client, n := binary.Uvarint(b[1:])
	if n <= 0 {
		return f, nil, false
	}
	f.client = client
	f.body, rest, ok = cutBytes(b[1+n:])
	return f, rest, ok
}

// cutBytes takes bytes off with their length before them.
func cutBytes(b []byte) (bytes, rest []byte, ok bool) {
	size, n := binary.Uvarint(b)
	if n <= 0 || size > uint64(len(b)-n) {
		return nil, nil, false
	}
	end := n + int(size)
	return b[n:end:end], b[end:], true
}

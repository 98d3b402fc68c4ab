package main

import (
	"encoding/json"
	"fmt"
	"strings"
)

// dialect is how clients talk to a kind of server.
type dialect struct {
	// path is where the client with this number opens its WebSocket to a room.
	path func(room string, number int) string
	// id is what others call that client, whose first frame this was.
	id func(first []byte, number int) (string, error)
	// The message to another one is what head returns, a payload, and tail.
	head func(to string) string
	tail string
}

// ours is what the relay and the rivals speak.
var ours = dialect{
	path: func(room string, _ int) string { return "/ws?room=" + room },
	id: func(first []byte, _ int) (string, error) {
		var in struct{ Welcome struct{ ID string } }
		if err := json.Unmarshal(first, &in); err != nil || in.Welcome.ID == "" {
			return "", fmt.Errorf("this is no welcome: %.200q", first)
		}
		return in.Welcome.ID, nil
	},
	head: func(to string) string { return `{"to":"` + to + `",` },
	tail: `}`,
}

// peerJS is what PeerJS's server speaks. It has no rooms.
var peerJS = dialect{
	path: func(_ string, number int) string {
		return fmt.Sprintf("/peerjs?key=peerjs&id=client-%08d&token=%d", number, number)
	},
	id: func(first []byte, number int) (string, error) {
		if !strings.Contains(string(first), `"OPEN"`) {
			return "", fmt.Errorf("this is not OPEN: %.200q", first)
		}
		return fmt.Sprintf("client-%08d", number), nil
	},
	head: func(to string) string { return `{"type":"OFFER","dst":"` + to + `","payload":{` },
	tail: `}}`,
}

// stampKey is before the time at which a message was sent, which has stampSize digits.
const (
	stampKey  = `"t":"`
	stampSize = 16
)

// message returns one of so many bytes, or a little more: a description if it is large,
// and else a candidate. stamp is where its time begins.
func (d dialect) message(to string, size int) (text []byte, stamp int) {
	// As JSON has the lines of SDP.
	const line = `a=rtpmap:111 opus/48000/2\r\n`
	head, middle := d.head(to)+`"candidate":{"sdpMid":"0","candidate":"`, `"},`+stampKey
	if size >= 1<<10 {
		head = d.head(to) + `"description":{"type":"offer","sdp":"`
	}
	end := strings.Repeat("0", stampSize) + `"` + d.tail
	room := max(size-len(head)-len(middle)-len(end), 0)
	lines := 0
	if size >= 1<<10 {
		lines = room / len(line)
	}
	head += strings.Repeat(line, lines) + strings.Repeat("x", room-lines*len(line)) + middle
	return []byte(head + end), len(head)
}

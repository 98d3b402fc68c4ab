package nats

import (
	"encoding/base64"
	"encoding/json"
	"strings"

	"github.com/nats-io/nats.go"

	"perfect-negotiation/negotiation/signaling"
	"perfect-negotiation/negotiation/signaling/wire"
)

// subject is what follows pn.ROOM.
func subject(room string, words ...string) string {
	return "pn." + base64.RawURLEncoding.EncodeToString([]byte(room)) + "." + strings.Join(words, ".")
}

// Permissions returns the subjects that the user of an id may publish to and subscribe to.
func Permissions(id string) (publish, subscribe []string) {
	return []string{"pn.*.here." + id, "pn.*.gone." + id, "pn.*.to.*." + id},
		[]string{"pn.*.here.*", "pn.*.gone.*", "pn.*.to." + id + ".*"}
}

// valid reports whether an id can be a word of a subject.
func valid(id string) bool {
	return id != "" && !strings.ContainsAny(id, ".*> \t\r\n")
}

// last returns the last word of a subject.
func last(subject string) string { return subject[strings.LastIndexByte(subject, '.')+1:] }

// hear is called with each message, one at a time.
func (c *client) hear(m *nats.Msg) {
	id := last(m.Subject)
	if id == c.self.ID {
		return
	}
	switch words := strings.Split(m.Subject, "."); words[2] {
	case "here":
		stated := wire.Member{}
		if len(m.Data) > 1000 || json.Unmarshal(m.Data, &stated) != nil || !wire.ValidRole(stated.Role) || stated.Rank != nil && !wire.ValidRank(*stated.Rank) {
			return
		}
		stated.ID = id
		c.here(stated)
	case "gone":
		c.gone(id)
	case "to":
		var e signaling.Envelope
		if _, known := c.others[id]; !known || len(m.Data) > wire.MaxFrame || e.UnmarshalJSON(m.Data) != nil {
			return
		}
		// Of what peers say, nothing is the room's.
		e.Welcome, e.Joined, e.Left, e.ICEServers, e.Error = nil, nil, nil, nil, nil
		e.From = id
		c.inbox.Received(e) // what is too much is lost
	}
}

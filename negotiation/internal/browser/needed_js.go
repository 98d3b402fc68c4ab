package browser

import (
	"slices"
	"strconv"

	"perfect-negotiation/negotiation/internal/held"
	"perfect-negotiation/negotiation/internal/sdp"
)

// Wants implements [held.Connection]. An event that fired before we listened does not
// fire again.
func (b *Connection) Wants() []held.Want {
	if !b.looked {
		b.looked = true
		if b.differsNow() {
			b.Fired()
		}
	}
	return b.Hint.Wants()
}

// differsNow reports whether an offer made now would differ from what was negotiated.
func (b *Connection) differsNow() bool {
	offer, err := b.create("createOffer")
	return err == nil && differs(offer, b.past())
}

// differs reports whether an offer differs from what was negotiated. What an answer
// left out because it was not offered is no difference.
// https://www.w3.org/TR/webrtc/#dfn-check-if-negotiation-is-needed
func differs(offer *sdp.Description, before *held.Past) bool {
	if before == nil {
		return len(offer.Media) > 0
	}
	var offered []sdp.Section
	if !before.Offered {
		offered = before.Remote.Sections()
	}
	return !slices.Equal(outline(offer, offered), outline(before.Local, nil))
}

// outline returns the parts of each section that make an offer needed, as far as an
// answer to those offered may state them.
func outline(d *sdp.Description, offered []sdp.Section) []string {
	var list []string
	for i, m := range d.Media {
		direction := m.Direction
		if i < len(offered) {
			direction &= offered[i].Direction.Reversed()
		}
		list = append(list, m.Kind, strconv.FormatBool(m.Rejected), direction.String())
		if direction&sdp.Sendonly != 0 {
			list = append(list, m.Values("msid")...)
		}
	}
	return list
}

//go:build !js

package pion

import (
	"slices"

	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation/internal/sdp"
)

// arrange turns a description that pion created into the one that is sent: the
// sections stand in the order that both sides know, and those that pion does not know
// are rejected. A section that has ended is left out. pion numbers the section of data
// channels without regard to them, until it has seen the mid that the other side uses.
func (p *Connection) arrange(d *sdp.Description) *sdp.Description {
	d.FillMids(p.seen)
	d.Remove(func(m *sdp.Media) bool {
		t := p.transceiver(m.Mid)
		return t != nil && m.Kind != "application" && p.ended(t)
	})
	made := d.Media
	d.Media = make([]*sdp.Media, 0, len(made))
	for _, s := range p.order {
		i := slices.IndexFunc(made, func(m *sdp.Media) bool { return m.Mid == s.Mid && m.Kind == s.Kind })
		if i < 0 && s.Kind == "application" && !s.Rejected {
			i = slices.IndexFunc(made, func(m *sdp.Media) bool { return m.Kind == s.Kind })
		}
		if i < 0 {
			d.Media = append(d.Media, sdp.Rejection(s.Kind, s.Mid))
			continue
		}
		d.Rename(made[i], s.Mid)
		d.Media = append(d.Media, made[i])
		made = slices.Delete(made, i, i+1)
	}
	for _, m := range made {
		mid := m.Mid
		for m.Kind == "application" && p.ordered(mid) {
			mid = "d" + mid
		}
		d.Rename(m, mid)
		d.Media = append(d.Media, m)
	}
	d.SetTag(p.group)
	d.CollectCandidates()
	return d
}

// ordered reports whether the last remote description has a section with this mid.
func (p *Connection) ordered(mid string) bool {
	return slices.ContainsFunc(p.order, func(s sdp.Section) bool { return s.Mid == mid })
}

// place gives a candidate the mid and index of the section that carries the
// transport.
func (p *Connection) place(c *webrtc.ICECandidateInit) {
	if p.carrier != nil {
		c.SDPMid, c.SDPMLineIndex = &p.carrier.mid, &p.carrier.index
	}
}

// carrier is the section that carries the transport.
type carrier struct {
	mid   string
	index uint16
}

func carrierOf(d *sdp.Description) *carrier {
	tag := d.Tag()
	for i, m := range d.Media {
		if tag != "" && m.Mid == tag {
			return &carrier{tag, uint16(i)}
		}
	}
	return nil
}

package negotiation_test

import (
	"strings"
	"syscall/js"
	"testing"

	"perfect-negotiation/negotiation/trace"
)

// TestStoppedTransceiver stops a transceiver that has not been negotiated.
func TestStoppedTransceiver(t *testing.T) {
	add := func(p *side) (transceiver js.Value) {
		_ = p.s.Do(func() error {
			transceiver = p.pc.JSValue().Call("addTransceiver", "video")
			return nil
		})
		return transceiver
	}
	stop := func(p *side, transceiver js.Value) {
		_ = p.s.Do(func() error {
			transceiver.Call("stop")
			return nil
		})
	}
	for _, c := range []struct {
		name string
		do   func(p, i *side)
	}{
		{"at once", func(p, _ *side) {
			_ = p.s.Do(func() error {
				p.pc.JSValue().Call("addTransceiver", "video").Call("stop")
				return nil
			})
		}},
		{"while its offer is pending", func(p, i *side) {
			i.deafen()
			before := p.count(trace.OfferSending)
			transceiver := add(p)
			p.until(trace.OfferSending, before+1)
			stop(p, transceiver)
			i.mu.Lock()
			i.hear()
			i.mu.Unlock()
		}},
		{"after its offer was dropped", func(p, i *side) {
			p.deafen()
			i.deafen()
			transceiver := add(p)
			before := i.count(trace.OfferSending)
			i.s.Renegotiate()
			i.until(trace.OfferSending, before+1)
			stop(p, transceiver)
		}},
		{"on both sides, which want to send and not to receive", func(p, i *side) {
			video := add(p)
			p.negotiated()
			set := func(s *side, transceiver js.Value) {
				_ = s.s.Do(func() error {
					transceiver.Set("direction", "sendonly")
					s.pc.JSValue().Call("addTransceiver", "video").Call("stop")
					return nil
				})
			}
			set(p, video)
			set(i, i.pc.JSValue().Call("getTransceivers").Index(0))
		}},
	} {
		for _, polite := range []bool{true, false} {
			t.Run(c.name, func(t *testing.T) {
				p, i := pair(t)
				p.connect("data")
				i.channel()
				p.negotiated()
				if polite {
					c.do(p, i)
				} else {
					c.do(i, p)
				}
				for range 2 {
					p.negotiated()
					i.negotiated()
				}
				if n := p.count(trace.OfferSending) + i.count(trace.OfferSending); n > 8 {
					t.Errorf("%d offers", n)
				}

				// Chromium may fire no more negotiationneeded now.
				before := p.sections("video")
				add(p)
				p.negotiated()
				if n := p.sections("video"); n != before+1 {
					t.Errorf("%d sections of video, not %d", n, before+1)
				}
			})
		}
	}
}

// sections counts those of a kind that are not rejected.
func (p *side) sections(kind string) int {
	text := p.pc.CurrentLocalDescription().SDP
	return strings.Count(text, "m="+kind+" ") - strings.Count(text, "m="+kind+" 0 ")
}

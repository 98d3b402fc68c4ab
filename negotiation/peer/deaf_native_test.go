//go:build !js

package peer

import (
	"testing"
	"time"

	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation/signaling/wire"
	"perfect-negotiation/negotiation/trace"
)

// Messages on a stream that no data channel has opened, empty ones among them, leave pion
// deaf for new channels: a new connection takes its place. On a channel that is open they
// are messages.
func TestADeafConnectionIsReplaced(t *testing.T) {
	for name, text := range map[string]string{"empty messages": "", "others": "hello"} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				a := w.peer("a")
				p := w.page(wire.Impolite)
				p.answer(a)
				a.await("they are connected", func() bool { return a.count(trace.ChannelOpened) == 1 })
				say := func(id *uint16) {
					dc, err := p.pc.CreateDataChannel("page", &webrtc.DataChannelInit{Negotiated: new(id != nil), ID: id})
					if err != nil {
						t.Fatal(err)
					}
					for dc.ReadyState() != webrtc.DataChannelStateOpen {
						time.Sleep(10 * time.Millisecond)
					}
					for range 3 {
						if err := dc.SendText(text); err != nil {
							t.Fatal(err)
						}
					}
				}
				say(nil)
				a.await("it hears them", func() bool { return a.count(trace.ChatReceived) == 3 })
				if a.count(trace.StartingOver) > 0 {
					t.Fatalf("it starts over:\n%s", a.log())
				}
				say(new(uint16(5)))
				a.await("it starts over", func() bool { return a.count(trace.StartingOver) == 1 })
				if codes := a.codes(trace.StartingOver); codes[0] != trace.DataEnded {
					t.Errorf("because of %s", codes)
				}
				p.renew()
				p.answer(a)
				a.await("they are connected again", func() bool { return a.count(trace.ChannelOpened) == 3 })
			})
		})
	}
}

package negotiation

import (
	"context"
	"sync"
	"syscall/js"
	"testing"
	"time"

	"github.com/hack-pad/safejs"
	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation/internal/sdp"
	"perfect-negotiation/negotiation/webapi"
)

// maxArrival is how long media may take on loopback. Here pictures are decoded, too.
const maxArrival = 10 * time.Second

// someRounds are those of TestStress in every test run.
const someRounds = 30

// player is what a browser's side plays, and what it sees and hears.
type player struct {
	arrivals
	pc js.Value
}

func (m *player) begin(_ *testing.T, pc *webrtc.PeerConnection) { m.pc = pc.JSValue() }

func (m *player) atRest(bool) {}

// live returns the mids of the sections on which something is played.
func (p *party) live() (mids []string) {
	list := p.media.pc.Call("getTransceivers")
	for i := range list.Length() {
		t := list.Index(i)
		if mid := t.Get("mid"); !mid.IsNull() && !t.Get("sender").Get("track").IsNull() && p.flow(mid.String())&sdp.Sendonly != 0 {
			mids = append(mids, mid.String())
		}
	}
	return mids
}

// received returns how many frames were decoded, or packets of sound came, on
// each section.
func (m *player) received(ctx context.Context) map[string]int {
	counts := map[string]int{}
	stats, err := settled(ctx, m.pc.Call("getStats"))
	if err != nil {
		return counts
	}
	each := js.FuncOf(func(_ js.Value, args []js.Value) any {
		if s := args[0]; s.Get("type").String() == "inbound-rtp" {
			of := map[string]string{"audio": "packetsReceived", "video": "framesDecoded"}[s.Get("kind").String()]
			counts[s.Get("mid").String()] += s.Get(of).Int()
		}
		return nil
	})
	defer each.Release()
	stats.Call("forEach", each)
	return counts
}

// settled waits for a promise.
func settled(ctx context.Context, p js.Value) (js.Value, error) {
	promise := webapi.Await(safejs.Safe(p))
	defer promise.Forget()
	select {
	case r := <-promise.C:
		return safejs.Unsafe(r.Value), r.Err
	case <-ctx.Done():
		return js.Undefined(), ctx.Err()
	}
}

// devices are Chromium's fake camera and microphone.
var devices = sync.OnceValues(func() (js.Value, error) {
	return settled(context.Background(), js.Global().Get("navigator").Get("mediaDevices").Call("getUserMedia", map[string]any{
		"audio": true,
		"video": map[string]any{"width": 160, "height": 120, "frameRate": 20},
	}))
})

// device returns the track of a kind.
func device(kind string) (js.Value, error) {
	stream, err := devices()
	if err != nil {
		return js.Undefined(), err
	}
	return stream.Call(map[string]string{"audio": "getAudioTracks", "video": "getVideoTracks"}[kind]).Index(0), nil
}

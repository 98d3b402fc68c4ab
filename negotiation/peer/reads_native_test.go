//go:build !js

package peer

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation/signaling"
	"perfect-negotiation/negotiation/trace"
)

// When media come before the answer that announces them, two goroutines of pion read
// them. Both end when the connection closes, and when the track is removed: no
// goroutine may be left in the world.
func TestEarlyReadsEnd(t *testing.T) {
	for name, end := range map[string]func(from, to *member){
		"when the Peer closes":         func(_, to *member) { to.peer.Close() },
		"when the track is taken away": takeAway,
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				from, to := w.connected()
				first := newTrack(t, webrtc.MimeTypeVP8)
				from.peer.Publish("", "first", first)
				to.await("media come", func() bool {
					write(t, first)
					return to.count(trace.TrackReceived) == 1
				})

				// A track added while our offer waits goes into the answer to the other
				// side's offer.
				w.on(func(string, string, *signaling.Envelope) bool { return false })
				offered := from.count(trace.OfferSending)
				from.peer.Renegotiate()
				from.await("it has offered", func() bool { return from.count(trace.OfferSending) > offered })
				early := newTrack(t, webrtc.MimeTypeOpus)
				from.peer.Publish("", "early", early)
				offered = to.count(trace.OfferSending)
				to.peer.Publish("", "other", newTrack(t, webrtc.MimeTypeOpus))
				to.await("the other has offered", func() bool { return to.count(trace.OfferSending) > offered })

				answered := from.count(trace.AnswerSending)
				w.on(func(_, _ string, e *signaling.Envelope) bool {
					return e.Message == nil || e.Message.Description == nil || e.Message.Description.Type == webrtc.SDPTypeOffer
				})
				from.await("it has answered", func() bool { return from.count(trace.AnswerSending) > answered })
				write(t, early)
				time.Sleep(time.Second) // the packet arrives
				answered = to.count(trace.AnswerReceived)
				w.on(nil)
				to.await("the answer comes", func() bool { return to.count(trace.AnswerReceived) > answered })
				synctest.Wait()
				if n := to.count(trace.TrackReceived); n != 1 {
					t.Errorf("pion has not kept the packet to itself: %d tracks came", n)
				}
				end(from, to)
			})
		})
	}
}

// takeAway returns when to has learned that from no longer sends the early track.
func takeAway(from, to *member) {
	answers := func() int { return to.count(trace.AnswerSending) + to.count(trace.AnswerReceived) }
	before := answers()
	from.peer.Unpublish("", "early")
	to.await("it is told", func() bool { return answers() > before })
}

// A connection that was never established has tracks, but pion has no streams
// for them.
func TestNoReadsToEnd(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.down.Store(true)
		from, to := w.peer("a"), w.peer("b")
		from.peer.Publish("", "audio", newTrack(t, webrtc.MimeTypeOpus))
		to.await("it knows of the track", func() bool {
			synctest.Wait() // only then may we look
			receivers := to.peer.remotes[from.id].pairing.pc.GetReceivers()
			return len(receivers) == 1 && receivers[0].Track() != nil
		})
	})
}

func newTrack(t *testing.T, mime string) *webrtc.TrackLocalStaticRTP {
	track, err := webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: mime}, mime, "stream")
	if err != nil {
		t.Fatal(err)
	}
	return track
}

func write(t *testing.T, track *webrtc.TrackLocalStaticRTP) {
	if err := track.WriteRTP(&rtp.Packet{Header: rtp.Header{Version: 2}, Payload: []byte{0}}); err != nil {
		t.Fatal(err)
	}
}

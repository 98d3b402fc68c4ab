package e2e

import (
	"fmt"
	"strings"
	"testing"

	"perfect-negotiation/negotiation/trace"
)

// mediaPage is the W3C sample with a camera and a microphone.
type mediaPage struct{ *page }

// play adds sound and a picture, and with data a data channel, too: in one offer.
func (p mediaPage) play(data bool) { p.eval(fmt.Sprintf(`play({data: %t})`, data), nil) }

// tracks returns the kinds of what it receives now.
func (p mediaPage) tracks() string {
	return p.text(`pc.getReceivers().map(r => r.track).filter(t => !t.muted && t.readyState === "live").map(t => t.kind).sort().join()`)
}

// bundle returns the BUNDLE groups of its last offer and answer.
func (p mediaPage) bundle() string {
	return p.text(`[pc.currentLocalDescription, pc.currentRemoteDescription].map(d => d.type + d.sdp.match(/BUNDLE[^\r]*/)).join()`)
}

// TestPlainPageMedia has a page in plain JavaScript and one of ours send media over
// data channels' transport, in the order in which either may begin. The section that
// carries the transport stays the one that the last answer names first.
// https://www.rfc-editor.org/rfc/rfc9143#section-7
func TestPlainPageMedia(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name        string
		first, then func(ours *mediaTab, page mediaPage)
		theirs      string // what we receive in the end
	}{
		{
			"ours offers a picture and data, the page adds sound and picture",
			func(ours *mediaTab, page mediaPage) { ours.play(true); ours.connect() },
			func(_ *mediaTab, page mediaPage) { page.play(false) },
			"audio, video",
		},
		{
			"the page offers sound, picture and data, ours adds a picture",
			func(_ *mediaTab, page mediaPage) { page.play(true) },
			func(ours *mediaTab, _ mediaPage) { ours.play(true) },
			"audio, video",
		},
	} {
		for _, role := range []string{"polite", "impolite"} {
			t.Run(c.name+", and is "+role, func(t *testing.T) {
				t.Parallel()
				opposite := map[string]string{"polite": "impolite", "impolite": "polite"}[role]
				w := newWorld(t)
				ours := w.mediaTab("/" + role)
				page := mediaPage{w.page(demoRoom, opposite)}
				await(t, "they are paired", func() bool { return ours.count(trace.Paired) > 0 }, ours, page)
				c.first(ours, page)
				awaitChannels(t, 1, ours, page)
				c.then(ours, page)
				await(t, "both get what the other sends", func() bool {
					return strings.Join(ours.live(), ", ") == c.theirs && page.tracks() == "video"
				}, ours, page)
				await(t, "no offer of ours is under way", func() bool {
					return ours.count(trace.OfferSending)-ours.count(trace.CollisionRollback) == ours.count(trace.AnswerReceived)
				}, ours, page)
				for range 3 {
					answered := ours.count(trace.AnswerReceived)
					ours.renegotiate()
					await(t, "our offer is answered", func() bool { return ours.count(trace.AnswerReceived) > answered }, ours, page)
					answers := ours.count(trace.AnswerSending)
					page.renegotiate()
					await(t, "so is the page's", func() bool { return ours.count(trace.AnswerSending) > answers }, ours, page)
				}
				awaitPictures(t, ours)
				nothingSurfaced(t, ours, page)
				t.Log(page.bundle())
			})
		}
	}
}

// live returns the kinds of the tiles that show something.
func (m *mediaTab) live() (kinds []string) {
	m.eval(`[...document.querySelectorAll('#media figure[data-state="live"]')].map(f => f.dataset.kind).sort()`, &kinds)
	return kinds
}

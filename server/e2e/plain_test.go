package e2e

import (
	"fmt"

	"perfect-negotiation/negotiation/trace"
)

// page is the W3C sample.
type page struct{ tab }

func (w *world) page(room, role string) *page {
	w.t.Helper()
	p := &page{*w.rawTab(fmt.Sprintf("%s/w3c/w3c.html?room=%s&role=%s", w.url, room, role))}
	await(w.t, "the page is in the room", func() bool { return p.text(`socket.readyState + ""`) == "1" })
	return p
}

func (p *page) connect()     { p.eval(`connect()`, nil) }
func (p *page) renegotiate() { p.eval(`renegotiate()`, nil) }
func (p *page) say(lines ...string) {
	p.eval(fmt.Sprintf(`for (const line of %s) channel.send(line)`, list(lines)), nil)
}

func (p *page) count(kind trace.Kind) (n int) {
	script := map[trace.Kind]string{
		trace.Connected:         `+(pc.connectionState === "connected")`,
		trace.ChannelOpened:     `+(channel !== null)`,
		trace.OfferSending:      `events.offers`,
		trace.CollisionRollback: `events.rollbacks`,
		trace.CollisionIgnored:  `events.ignored`,
	}[kind]
	p.eval(script, &n)
	return n
}

func (p *page) received() (lines []string) {
	p.eval(`events.received`, &lines)
	return lines
}

func (p *page) surfaced() (lines []string) {
	p.eval(`events.errors`, &lines)
	return lines
}

func (p *page) log() string { return p.text(`JSON.stringify(events) + " " + pc.signalingState`) }

// sample is the W3C sample as it is printed.
type sample struct{ *tab }

// sample opens one that is paired with ours.
func (w *world) sample(role string, ours participant) sample {
	w.t.Helper()
	s := sample{w.rawTab(fmt.Sprintf("%s/w3c/sample.html?room=%s&role=%s", w.url, demoRoom, role))}
	await(w.t, "they are paired", func() bool { return ours.count(trace.Paired) > 0 }, ours)
	return s
}

func (s sample) connect()     { s.eval(`start()`, nil) }
func (s sample) renegotiate() { s.eval(`pc.onnegotiationneeded()`, nil) }

func (s sample) surfaced() (lines []string) {
	s.eval(`errors`, &lines)
	return lines
}

func (s sample) log() string {
	return s.text(`errors + " " + pc.signalingState + " " + pc.connectionState`)
}

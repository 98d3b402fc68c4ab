//go:build !js

package negotiation_test

import (
	"context"
	"testing"

	"perfect-negotiation/negotiation"
)

// contents are what a benchmark connects: one section, or three.
var contents = []struct {
	name  string
	media bool
}{{"data", false}, {"media", true}}

// BenchmarkConnect makes a connection over loopback, from two new PeerConnections to
// a data channel that is open on both sides, and closes it. With media the offer has
// sound and a picture, too. Both sides are in the figures.
func BenchmarkConnect(b *testing.B) {
	for _, content := range contents {
		for _, with := range []struct {
			name string
			make func(*testing.B, bool) duo
		}{{"plain", plain}, {"session", sessions}} {
			b.Run(content.name+"/"+with.name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					with.make(b, content.media).close()
				}
			})
		}
	}
}

// BenchmarkRenegotiate negotiates once more on a connection, from one side or from
// both at once, until both are stable. Both sides are in the figures.
func BenchmarkRenegotiate(b *testing.B) {
	for _, content := range contents {
		b.Run(content.name+"/plain", func(b *testing.B) {
			p := plain(b, content.media)
			defer p.close()
			b.ReportAllocs()
			for b.Loop() {
				if err := exchange(p.impolite.pc, p.polite.pc); err != nil {
					b.Fatal(err)
				}
			}
		})
		for _, from := range []struct {
			name string
			ends func(duo) []*end
		}{
			{"polite", func(p duo) []*end { return []*end{p.polite} }},
			{"impolite", func(p duo) []*end { return []*end{p.impolite} }},
			{"both", func(p duo) []*end { return []*end{p.polite, p.impolite} }},
		} {
			b.Run(content.name+"/"+from.name, func(b *testing.B) {
				p := sessions(b, content.media)
				defer p.close()
				p.settle()
				ends := from.ends(p)
				b.ReportAllocs()
				for b.Loop() {
					for _, e := range ends {
						e.s.Renegotiate()
					}
					p.settle()
				}
			})
		}
	}
}

// settle waits until nothing that either side needs is left to negotiate.
func (p duo) settle() {
	b := p.polite.b
	b.Helper()
	ctx, cancel := context.WithTimeout(b.Context(), benchLimit)
	defer cancel()
	for _, s := range []*negotiation.Session{p.polite.s, p.impolite.s} {
		if err := s.Negotiated(ctx); err != nil {
			b.Fatal(err)
		}
	}
}

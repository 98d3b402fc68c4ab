//go:build !js

package peer

import (
	"slices"
	"strings"
	"testing"

	"perfect-negotiation/negotiation/signaling"
	"perfect-negotiation/negotiation/trace"
)

// TestVerbose compares the messages that two peers sent with those that were
// delivered, and has a plain page send one.
func TestVerbose(t *testing.T) {
	verbose := func(_ *member, c *Config) { c.Verbose = true }
	t.Run("two peers", func(t *testing.T) {
		inWorld(t, func(t *testing.T, w *world) {
			a, b := w.connected(verbose)
			same := func(a, b *member) func() bool {
				return func() bool {
					sent := a.details(trace.MessageSent)
					return len(sent) > 0 && slices.Equal(sent, b.details(trace.MessageReceived))
				}
			}
			a.await("all that a sent is delivered", same(a, b))
			b.await("all that b sent is delivered", same(b, a))
		})
	})
	t.Run("a plain page", func(t *testing.T) {
		inWorld(t, func(t *testing.T, w *world) {
			a := w.peer("a", verbose)
			a.meets("page", nil)
			a.said("page", signaling.Envelope{Message: candidate()})
			traced := func(kind trace.Kind, message string) func() bool {
				return func() bool {
					return slices.ContainsFunc(a.details(kind), func(s string) bool { return strings.HasPrefix(s, message+" ") })
				}
			}
			a.await("the offer is traced", traced(trace.MessageSent, "offer"))
			a.await("the candidate is traced", traced(trace.MessageReceived, "candidate"))
		})
	})
}

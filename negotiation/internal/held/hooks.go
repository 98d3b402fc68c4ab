package held

import (
	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation/trace"
)

// Hooks are the callbacks from the adapter of a connection to its Session. They may
// be called from any goroutine unless stated otherwise.
type Hooks struct {
	Enqueue   func(func())                   // runs a func on the Session's goroutine
	Recheck   func()                         // an offer may be needed: check again
	Candidate func(*webrtc.ICECandidateInit) // on the Session's goroutine: sends a local candidate
	Admit     func(candidate string) error   // returns why a remote candidate is not used
	LeftOut   func(error)                    // on the Session's goroutine: candidates of a remote description were left out
	Unsent    func(error)                    // on the Session's goroutine: a track cannot be sent
	Rejected  func(error)                    // on the Session's goroutine: a remote section was rejected
	Record    func(trace.Input)              // on the Session's goroutine: each call to the connection and its result; nil if not recording
	Stop      <-chan struct{}                // closed to end pending waits

	Renumber func(ssrc uint32, to *[128]uint8) // sets the payload types that a stream is sent with; nil: they cannot be set
}

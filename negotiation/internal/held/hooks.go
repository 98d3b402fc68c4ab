package held

import (
	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation/trace"
)

// Hooks is what the adapter of a connection tells its Session, from any goroutine
// where nothing else is said.
type Hooks struct {
	Enqueue   func(func())                   // run this on the Session's goroutine
	Recheck   func()                         // an offer may be needed
	Candidate func(*webrtc.ICECandidateInit) // on the Session's goroutine: send our candidate
	Admit     func(candidate string) error   // says why one of the other side is not used
	LeftOut   func(error)                    // on the Session's goroutine: candidates were left out of a description
	Unsent    func(error)                    // on the Session's goroutine: something cannot be sent
	Rejected  func(error)                    // on the Session's goroutine: a section of theirs is rejected
	Record    func(trace.Input)              // on the Session's goroutine: what the connection is asked and answers; nil: nobody wants to know
	Stop      <-chan struct{}                // give up what is pending
}

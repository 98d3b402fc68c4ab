package recovery

import (
	"errors"
	"sync"

	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation"
	"perfect-negotiation/negotiation/trace"
)

// Hooks are what [Attach] needs of an application.
type Hooks struct {
	// Ask sends the other side the request to restart ICE, whose receiver calls
	// [Session.Asked]. Only a polite peer asks. Nil: each side restarts by itself.
	Ask func()
	// Replace is called, at most once, when only a new connection helps: close the
	// Session and the PeerConnection, and have the other side do the same.
	Replace func(why trace.Code)
	// Trace is told every event, in place of [negotiation.WithTrace]; nil: nobody is.
	Trace func(trace.Event)
}

// Session is a [negotiation.Session] with a [Recovery]. All its methods may be called at
// any time from any goroutine.
type Session struct {
	*negotiation.Session
	recovery *Recovery
	replace  sync.Once
}

// Attach is [negotiation.Attach] with a [Recovery]. Call [Session.StateChanged] in pc's
// OnConnectionStateChange. The Session's goroutine calls the hooks, which must not
// wait for it, but for Replace, which it calls on one of its own.
func Attach(pc *webrtc.PeerConnection, role negotiation.Role, send func(negotiation.Message) error, hooks Hooks, options ...negotiation.Option) (*Session, error) {
	s := &Session{}
	attached := make(chan struct{})
	s.recovery = New(Config{
		Role:    role,
		Ask:     hooks.Ask,
		Enqueue: s.enqueue,
		Restart: func() { s.Session.RestartICE() },
		Replace: func(why trace.Code) { s.replaceBy(hooks, why) },
		Trace:   hooks.Trace,
	})
	var err error
	s.Session, err = negotiation.Attach(pc, role, send, append(options, negotiation.WithTrace(func(e trace.Event) {
		<-attached // else s.Session is not set yet
		s.recovery.Observe(e)
		if hooks.Trace != nil {
			hooks.Trace(e)
		}
	}))...)
	if err != nil {
		return nil, err
	}
	close(attached)
	go func() {
		<-s.Done()
		if !errors.Is(s.Err(), negotiation.ErrClosed) {
			s.replaceBy(hooks, trace.Wedged)
		}
	}()
	return s, nil
}

// StateChanged is to be called with each state of the connection.
func (s *Session) StateChanged(state webrtc.PeerConnectionState) {
	s.enqueue(func() { s.recovery.StateChanged(state) })
}

// RestartICE restarts ICE, or asks the other side to.
func (s *Session) RestartICE() { s.enqueue(func() { s.recovery.RestartICE("") }) }

// Asked is to be called when the other side asks for a restart.
func (s *Session) Asked() { s.enqueue(s.recovery.Asked) }

func (s *Session) enqueue(f func()) {
	s.Post(func() error {
		f()
		return nil
	})
}

func (s *Session) replaceBy(hooks Hooks, why trace.Code) {
	s.replace.Do(func() { go hooks.Replace(why) })
}

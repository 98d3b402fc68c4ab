package recovery

import (
	"time"

	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation"
	"perfect-negotiation/negotiation/internal/timing"
	"perfect-negotiation/negotiation/trace"
)

const (
	disconnectedFor = 3 * time.Second // delay before the first restart; the connection often recovers by itself
	restartFor      = 5 * time.Second // delay before the next restart, doubled each time
	maxRestarts     = 3               // restarts before a new connection
	restartsApart   = time.Second     // between restarts requested by the other side
	restartsAhead   = 5               // burst of such restarts
	refusedFor      = 5 * time.Second // how long a refused offer may go without a description that is applied
)

// Config says what a [Recovery] acts on. Enqueue, Restart and Replace are needed.
type Config struct {
	Role negotiation.Role

	// Enqueue runs a function on the goroutine that calls the methods, later.
	Enqueue func(func())
	// Restart restarts ICE, with [negotiation.Session.RestartICE].
	Restart func()
	// Ask has the other side's [Recovery.Asked] called. Only the polite peer asks. Nil: it
	// restarts ICE itself, as the other side cannot be asked.
	Ask func()
	// Replace replaces the connection by a new one, on both sides. It is called at most
	// once; nothing is called after it.
	Replace func(why trace.Code)

	// Reachable reports whether what is sent to the other side now arrives soon; nil: it
	// always does. While it does not, nothing is done.
	Reachable func() bool
	// Plain says that the other side may not know how to restart ICE, and replaces no
	// connection because we do. If it does not answer such an offer, no other is made.
	Plain bool
	// Trace is told what is done; nil: nobody is.
	Trace func(trace.Event)
}

// Recovery watches one connection. It has no goroutine: its methods and the functions
// in Config are called on one, without overlapping.
type Recovery struct {
	config    Config
	connected bool
	restarts  int
	next      timing.Timer     // for the next attempt; not set: all is well
	recovered time.Time        // when it was last restored
	wanted    bool             // restart as soon as the other side can be reached
	asked     timing.Allowance // for restarts that the other side requests
	owed      bool             // the last restart has no answer yet
	watch     timing.Timer     // set: a restart has just begun
	offered   bool             // the last remote description was an offer and is not applied yet
	refused   timing.Timer     // set: that offer was refused, and none was applied since
	stopped   bool
}

// New returns a Recovery for a new connection.
func New(config Config) *Recovery {
	if config.Reachable == nil {
		config.Reachable = func() bool { return true }
	}
	if config.Trace == nil {
		config.Trace = func(trace.Event) {}
	}
	return &Recovery{config: config, asked: timing.Allowance{Apart: restartsApart, Burst: restartsAhead}}
}

// StateChanged is to be called with each state of the connection.
func (r *Recovery) StateChanged(state webrtc.PeerConnectionState) {
	if r.stopped {
		return
	}
	r.connected = state == webrtc.PeerConnectionStateConnected
	switch state {
	case webrtc.PeerConnectionStateConnected:
		if r.next.IsSet() {
			r.recovered = time.Now()
		}
		r.next.Stop()
		r.restarts = 0
	case webrtc.PeerConnectionStateDisconnected:
		if !r.next.IsSet() {
			r.after(disconnectedFor)
		}
	case webrtc.PeerConnectionStateFailed:
		if !r.next.IsSet() || r.restarts == 0 {
			r.after(0)
		}
	}
}

// Observe is to be called with each event of the Session's trace.
func (r *Recovery) Observe(e trace.Event) {
	if r.stopped {
		return
	}
	switch e.Kind {
	case trace.OfferReceived:
		r.offered = true
	case trace.AnswerReceived, trace.AnswerCreating: // an exchange completes
		r.owed, r.offered = false, false
		r.refused.Stop()
	case trace.DescriptionRefused:
		// The sender of a refused offer waits for an answer and, if it is impolite,
		// ignores our offers meanwhile.
		if r.offered && !r.config.Plain {
			r.refused.Set(r.config.Enqueue, refusedFor, r.giveUpRefused)
		}
	case trace.RestartIgnored: // no later answer would help, and the path is lost
		r.replace(trace.RestartsInVain)
	}
}

// RestartICE restarts ICE now, or as soon as the other side can be reached, whatever the
// state of the connection. The trace reports why, if it is not empty. If the connection
// is lost, this is the next attempt.
func (r *Recovery) RestartICE(why trace.Code) {
	switch {
	case r.stopped:
	case r.next.IsSet():
		r.attempt(why)
	default:
		r.restart(why)
	}
}

// Asked is to be called when the other side asks for a restart. However often it does,
// there are a few restarts at once and one a second.
func (r *Recovery) Asked() {
	switch {
	case r.stopped:
	case r.config.Role == negotiation.Polite: // the impolite peer does not ask
	case r.restarts > 0: // a restart is under way
	case time.Since(r.recovered) < restartFor: // it was asked for before the recovery
	case r.asked.Grant(r.config.Enqueue, r.Asked):
		r.RestartICE(trace.OtherAsks)
	}
}

// Reached is to be called when the other side can be reached again.
func (r *Recovery) Reached() {
	if r.wanted {
		r.RestartICE("")
	}
}

// Stop ends the Recovery. Nothing is called any more.
func (r *Recovery) Stop() {
	r.stopped = true
	r.next.Stop()
	r.watch.Stop()
	r.asked.Stop()
	r.refused.Stop()
}

// after tries again after d.
func (r *Recovery) after(d time.Duration) {
	r.next.Set(r.config.Enqueue, d, func() { r.attempt("") })
}

func (r *Recovery) attempt(why trace.Code) {
	switch {
	case !r.config.Reachable():
		r.after(disconnectedFor) // try again later
		return
	case r.restarts == maxRestarts, r.config.Plain && r.owed && r.restarts > 0: // further offers would remain unanswered, too
		r.config.Trace(trace.Event{Kind: trace.RestartsFailed})
		r.replace(trace.RestartsInVain)
		return
	}
	r.after(restartFor << r.restarts)
	r.restarts++
	r.restart(why)
}

// restart waits until the other side can be reached: pion leaves the current path
// as soon as it makes the offer.
func (r *Recovery) restart(why trace.Code) {
	r.wanted = !r.config.Reachable()
	switch {
	case r.wanted:
	case r.config.Ask == nil || r.config.Role != negotiation.Polite:
		r.config.Trace(trace.Event{Kind: trace.Restarting, Code: why, Detail: why.Words()})
		r.owed = true
		r.config.Restart()
		r.watch.Set(r.config.Enqueue, restartFor, r.watched)
	default:
		r.config.Trace(trace.Event{Kind: trace.RestartAsked, Code: why, Detail: why.Words()})
		r.config.Ask()
	}
}

// watched checks the result of a restart: not every peer can restart, and pion has
// left the previous path by then.
func (r *Recovery) watched() {
	switch {
	case r.next.IsSet(), !r.owed && r.connected:
	case !r.config.Reachable():
		r.watch.Set(r.config.Enqueue, restartFor, r.watched)
	case r.owed:
		r.config.Trace(trace.Event{Kind: trace.RestartLate, Code: trace.NoAnswer, Detail: trace.NoAnswer.Words()})
		r.attempt("")
	default:
		r.attempt("")
	}
}

func (r *Recovery) giveUpRefused() {
	if r.config.Reachable() {
		r.replace(trace.OfferNotTaken)
	} else {
		r.refused.Set(r.config.Enqueue, refusedFor, r.giveUpRefused) // until then nothing can replace it
	}
}

func (r *Recovery) replace(why trace.Code) {
	r.Stop()
	r.config.Replace(why)
}

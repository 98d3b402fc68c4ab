//go:build !js

package recovery

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation"
	"perfect-negotiation/negotiation/trace"
)

const (
	connected    = webrtc.PeerConnectionStateConnected
	disconnected = webrtc.PeerConnectionStateDisconnected
	failed       = webrtc.PeerConnectionStateFailed
)

// host writes down what a Recovery does, and when.
type host struct {
	*Recovery
	queue chan func()
	start time.Time
	away  bool // the other side cannot be reached
	did   []string
}

func (h *host) note(what string) {
	h.did = append(h.did, what+"@"+time.Since(h.start).Round(time.Second).String())
}

// wait lets time pass, and does what is due.
func (h *host) wait(d time.Duration) {
	for end := time.After(d); ; {
		select {
		case f := <-h.queue:
			f()
		case <-end:
			return
		}
	}
}

// TestRules: what is done, and when, by a peer that was connected at first.
func TestRules(t *testing.T) {
	for name, row := range map[string]struct {
		config Config
		events func(h *host)
		want   string
	}{
		"all is well": {Config{}, func(h *host) { h.wait(time.Hour) }, ""},
		"it recovers by itself": {Config{}, func(h *host) {
			h.StateChanged(disconnected)
			h.wait(2 * time.Second)
			h.StateChanged(connected)
			h.wait(time.Hour)
		}, ""},
		"the impolite peer restarts, ever later": {Config{Role: negotiation.Impolite}, func(h *host) {
			h.StateChanged(disconnected)
			h.wait(time.Hour)
		}, "restart@3s restart@8s restart@18s replace by restarts-in-vain@38s"},
		"the polite peer asks": {Config{Role: negotiation.Polite}, func(h *host) {
			h.StateChanged(disconnected)
			h.wait(time.Hour)
		}, "ask@3s ask@8s ask@18s replace by restarts-in-vain@38s"},
		"it restarts at once when it has failed": {Config{Role: negotiation.Impolite}, func(h *host) {
			h.StateChanged(failed)
			h.wait(time.Second)
		}, "restart@0s"},
		"asked, it restarts and watches": {Config{Role: negotiation.Impolite}, func(h *host) {
			h.wait(time.Minute)
			h.Asked()
			h.wait(time.Second)
			h.Observe(trace.Event{Kind: trace.AnswerReceived})
			h.wait(time.Hour)
		}, "restart@1m0s"},
		"the polite peer is not asked": {Config{Role: negotiation.Polite}, func(h *host) {
			h.Asked()
			h.wait(time.Hour)
		}, ""},
		"a restart that is not answered is an attempt": {Config{Role: negotiation.Impolite}, func(h *host) {
			h.RestartICE("")
			h.wait(6 * time.Second)
		}, "restart@0s restart@5s"},
		"a plain page that does not answer has no other restart": {Config{Role: negotiation.Impolite, Plain: true}, func(h *host) {
			h.StateChanged(failed)
			h.wait(time.Hour)
		}, "restart@0s replace by restarts-in-vain@5s"},
		"a restart waits while the other side is away": {Config{Role: negotiation.Impolite}, func(h *host) {
			h.away = true
			h.RestartICE("")
			h.wait(time.Minute)
			h.away = false
			h.Reached()
			h.wait(time.Second)
		}, "restart@1m0s"},
		"a lost connection waits, too": {Config{Role: negotiation.Impolite}, func(h *host) {
			h.away = true
			h.StateChanged(disconnected)
			h.wait(61 * time.Second)
			h.away = false
			h.wait(4 * time.Second)
		}, "restart@1m3s"},
		"a refused offer waits, too": {Config{Role: negotiation.Impolite}, func(h *host) {
			h.Observe(trace.Event{Kind: trace.OfferReceived})
			h.Observe(trace.Event{Kind: trace.DescriptionRefused})
			h.away = true
			h.wait(61 * time.Second)
			h.away = false
			h.wait(6 * time.Second)
		}, "replace by offer-not-taken@1m5s"},
		"an answer that does not restart": {Config{Role: negotiation.Impolite}, func(h *host) {
			h.RestartICE("")
			h.Observe(trace.Event{Kind: trace.RestartIgnored})
			h.wait(time.Hour)
		}, "restart@0s replace by restarts-in-vain@0s"},
		"an offer that is refused": {Config{Role: negotiation.Polite}, func(h *host) {
			h.Observe(trace.Event{Kind: trace.OfferReceived})
			h.Observe(trace.Event{Kind: trace.DescriptionRefused})
			h.wait(time.Hour)
		}, "replace by offer-not-taken@5s"},
		"an offer that is refused, and one that is not": {Config{Role: negotiation.Polite}, func(h *host) {
			h.Observe(trace.Event{Kind: trace.OfferReceived})
			h.Observe(trace.Event{Kind: trace.DescriptionRefused})
			h.Observe(trace.Event{Kind: trace.OfferReceived})
			h.Observe(trace.Event{Kind: trace.AnswerCreating})
			h.wait(time.Hour)
		}, ""},
		"stopped": {Config{Role: negotiation.Impolite}, func(h *host) {
			h.StateChanged(disconnected)
			h.Stop()
			h.StateChanged(failed)
			h.RestartICE("")
			h.Asked()
			h.Observe(trace.Event{Kind: trace.RestartIgnored})
			h.wait(time.Hour)
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := &host{queue: make(chan func(), 16), start: time.Now()}
				row.config.Enqueue = func(f func()) { h.queue <- f }
				row.config.Reachable = func() bool { return !h.away }
				row.config.Restart = func() { h.note("restart") }
				row.config.Ask = func() { h.note("ask") }
				row.config.Replace = func(why trace.Code) { h.note("replace by " + string(why)) }
				h.Recovery = New(row.config)
				h.StateChanged(connected)
				row.events(h)
				if did := strings.Join(h.did, " "); did != row.want {
					t.Errorf("it does %q, want %q", did, row.want)
				}
			})
		})
	}
}

// However often the other side asks, there are a few restarts at once, one a second, and
// one after its last request.
func TestAskedOften(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &host{queue: make(chan func(), 16), start: time.Now()}
		h.Recovery = New(Config{Role: negotiation.Impolite, Enqueue: func(f func()) { h.queue <- f }, Restart: func() {
			h.note("restart")
			h.Observe(trace.Event{Kind: trace.AnswerReceived})
		}, Replace: func(trace.Code) { t.Error("it is replaced") }})
		h.StateChanged(connected)
		h.wait(time.Minute)
		for range 100 {
			h.Asked()
			h.wait(50 * time.Millisecond)
		}
		h.wait(time.Hour)
		if n := len(h.did); n < restartsAhead || n > restartsAhead+6 {
			t.Errorf("in 5 s it has restarted %d times: %v", n, h.did)
		}
	})
}

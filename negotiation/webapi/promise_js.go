package webapi

import (
	"fmt"
	"sync"

	"github.com/hack-pad/safejs"
)

// Result is what a promise was fulfilled or rejected with. An error starts with
// the name of the DOMException.
type Result struct {
	Value safejs.Value
	Err   error
}

// Promise is a JavaScript promise that is awaited.
type Promise struct {
	C <-chan Result // receives the Result, and need not be read

	results chan Result
	slot    *slot
}

// Await awaits p. A value that is no promise is its own Result. Call
// [Promise.Forget] if nothing waits for the Result any more: a promise may never
// settle, as those of an RTCPeerConnection that was closed.
func Await(p safejs.Value) Promise {
	results := make(chan Result, 1)
	s, err := promises.take(results)
	if err != nil {
		results <- Result{Err: err}
	} else if _, err := p.Call("then", s.fulfilled, s.rejected); err != nil {
		promises.settle(s, Result{Value: p})
	}
	return Promise{results, results, s}
}

// Forget ends the wait, if it has not ended.
func (p Promise) Forget() { promises.forget(p) }

// promises are those that have not settled.
var promises waiting

// A slot has the handlers of one promise, and those of others after it has settled: to
// make functions for each would take longer than to await it, and of a promise that never
// settles they would stay.
type slot struct {
	fulfilled, rejected safejs.Value  // one function for all, bound to the slot's number
	results             chan<- Result // nil: nothing waits
}

type waiting struct {
	mu    sync.Mutex
	slots []*slot
	free  []*slot // whose promises have settled

	once    sync.Once
	err     error // of once
	settled safejs.Value
}

// take returns a slot for a promise whose Result goes to the channel.
func (w *waiting) take(results chan<- Result) (*slot, error) {
	if w.once.Do(w.begin); w.err != nil {
		return nil, w.err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	n := len(w.free) - 1
	if n < 0 {
		s, err := w.newSlot(len(w.slots))
		if err != nil {
			return nil, err
		}
		w.slots, w.free, n = append(w.slots, s), append(w.free, s), 0
	}
	s := w.free[n]
	w.free, s.results = w.free[:n], results
	return s, nil
}

func (w *waiting) newSlot(n int) (*slot, error) {
	fulfilled, err := w.settled.Call("bind", safejs.Null(), n, true)
	if err != nil {
		return nil, err
	}
	rejected, err := w.settled.Call("bind", safejs.Null(), n, false)
	return &slot{fulfilled: fulfilled, rejected: rejected}, err
}

func (w *waiting) settle(s *slot, r Result) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if s.results != nil {
		s.results <- r
		s.results = nil
	}
	w.free = append(w.free, s)
}

func (w *waiting) forget(p Promise) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if p.slot != nil && p.slot.results == p.results {
		p.slot.results = nil
	}
}

// count returns how many promises are awaited.
func (w *waiting) count() (n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, s := range w.slots {
		if s.results != nil {
			n++
		}
	}
	return n
}

// begin makes what all promises share, for as long as the program runs.
func (w *waiting) begin() {
	settled, err := safejs.FuncOf(func(_ safejs.Value, args []safejs.Value) any {
		n, err := args[0].Int()
		if err != nil {
			return nil
		}
		w.mu.Lock()
		s := w.slots[n]
		w.mu.Unlock()
		value := append(args, safejs.Undefined())[2]
		if fulfilled, _ := args[1].Bool(); fulfilled {
			w.settle(s, Result{Value: value})
		} else {
			w.settle(s, Result{Err: exception(value)})
		}
		return nil
	})
	w.settled, w.err = settled.Value(), err
}

// exception makes an error of the reason of a rejection.
func exception(reason safejs.Value) error {
	property := func(name string) string {
		v, err := reason.Get(name)
		if err != nil || v.Type() != safejs.TypeString {
			return ""
		}
		s, _ := v.String()
		return s
	}
	name := property("name")
	if name == "" {
		name, _ = reason.String()
	}
	return fmt.Errorf("%s: %s", name, property("message"))
}

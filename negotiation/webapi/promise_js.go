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
	C  <-chan Result // receives the Result, and need not be read
	id int
}

// Await awaits p. A value that is no promise is its own Result. Call
// [Promise.Forget] if nothing waits for the Result any more: a promise may never
// settle, as those of an RTCPeerConnection that was closed.
func Await(p safejs.Value) Promise {
	id, results := promises.add()
	if err := promises.then(p, id); err != nil {
		promises.settle(id, Result{Err: err})
	}
	return Promise{results, id}
}

// Forget ends the wait, if it has not ended.
func (p Promise) Forget() { promises.take(p.id) }

// promises are those that have not settled. All share one JavaScript function, bound
// to their number: a function for each would stay if it is never called.
var promises waiting

type waiting struct {
	mu      sync.Mutex
	last    int
	pending map[int]chan<- Result

	once    sync.Once
	err     error // of once
	settled safejs.Value
	resolve safejs.Value // Promise.resolve
}

func (w *waiting) add() (id int, results <-chan Result) {
	c := make(chan Result, 1)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.pending == nil {
		w.pending = map[int]chan<- Result{}
	}
	w.last++
	w.pending[w.last] = c
	return w.last, c
}

func (w *waiting) take(id int) chan<- Result {
	w.mu.Lock()
	defer w.mu.Unlock()
	c := w.pending[id]
	delete(w.pending, id)
	return c
}

func (w *waiting) count() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.pending)
}

func (w *waiting) settle(id int, r Result) {
	if c := w.take(id); c != nil {
		c <- r
	}
}

// then has p settle the promise with this number.
// https://tc39.es/ecma262/#sec-promise.prototype.then
func (w *waiting) then(p safejs.Value, id int) error {
	if w.once.Do(w.begin); w.err != nil {
		return w.err
	}
	fulfilled, err := w.settled.Call("bind", safejs.Null(), id, true)
	if err != nil {
		return err
	}
	rejected, err := w.settled.Call("bind", safejs.Null(), id, false)
	if err != nil {
		return err
	}
	if p, err = w.resolve.Invoke(p); err != nil {
		return err
	}
	_, err = p.Call("then", fulfilled, rejected)
	return err
}

// begin makes what all promises share, for as long as the program runs.
func (w *waiting) begin() {
	w.err = func() error {
		settled, err := safejs.FuncOf(func(_ safejs.Value, args []safejs.Value) any {
			id, err := args[0].Int()
			if err != nil {
				return nil
			}
			value := append(args, safejs.Undefined())[2]
			if fulfilled, _ := args[1].Bool(); fulfilled {
				w.settle(id, Result{Value: value})
			} else {
				w.settle(id, Result{Err: exception(value)})
			}
			return nil
		})
		if err != nil {
			return err
		}
		w.settled = settled.Value()
		class, err := safejs.Global().Get("Promise")
		if err != nil {
			return err
		}
		resolve, err := class.Get("resolve")
		if err != nil {
			return err
		}
		w.resolve, err = resolve.Call("bind", class)
		return err
	}()
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

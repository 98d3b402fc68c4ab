// Package promise awaits JavaScript promises.
package promise

import (
	"fmt"

	"github.com/hack-pad/safejs"
)

// Result is what a promise was fulfilled or rejected with. An error starts with
// the name of the DOMException.
type Result struct {
	Value safejs.Value
	Err   error
}

// Settled returns a channel that receives the Result of p. A value that is no
// promise is its own Result. The channel need not be read.
func Settled(p safejs.Value) <-chan Result {
	results := make(chan Result, 1)
	var fulfilled, rejected safejs.Func
	// The promise may settle after its reader is gone, so the functions release
	// themselves.
	settle := func(r Result) any {
		fulfilled.Release()
		rejected.Release()
		results <- r
		return nil
	}
	err := func() (err error) {
		fulfilled, err = safejs.FuncOf(func(_ safejs.Value, args []safejs.Value) any {
			return settle(Result{Value: first(args)})
		})
		if err != nil {
			return err
		}
		rejected, err = safejs.FuncOf(func(_ safejs.Value, args []safejs.Value) any {
			return settle(Result{Err: exception(first(args))})
		})
		if err != nil {
			return err
		}
		class, err := safejs.Global().Get("Promise")
		if err != nil {
			return err
		}
		if p, err = class.Call("resolve", p); err != nil {
			return err
		}
		_, err = p.Call("then", fulfilled, rejected)
		return err
	}()
	if err != nil {
		settle(Result{Err: err})
	}
	return results
}

func first(args []safejs.Value) safejs.Value { return append(args, safejs.Undefined())[0] }

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

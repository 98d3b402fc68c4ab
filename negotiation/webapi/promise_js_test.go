package webapi

import (
	"syscall/js"
	"testing"
	"time"

	"github.com/hack-pad/safejs"
)

const patience = 10 * time.Second

func settled(t *testing.T, p js.Value) Result {
	t.Helper()
	select {
	case r := <-Await(safejs.Safe(p)).C:
		return r
	case <-time.After(patience):
		t.Fatal("it does not settle")
		return Result{}
	}
}

func evaluate(script string) js.Value { return js.Global().Call("eval", script) }

// What is fulfilled has a value, and what is rejected an error that begins with the name
// of the exception. What is no promise is its own result.
func TestSettled(t *testing.T) {
	for script, want := range map[string]struct{ value, err string }{
		`Promise.resolve("value")`:                          {value: "value"},
		`new Promise((go) => setTimeout(() => go("late")))`: {value: "late"},
		`({ then(go) { go("of a thenable"); } })`:           {value: "of a thenable"},
		`"no promise"`: {value: "no promise"},
		`Promise.reject(new DOMException("no", "AbortError"))`:   {err: "AbortError: no"},
		`Promise.reject(new TypeError("bad"))`:                   {err: "TypeError: bad"},
		`Promise.reject("a string")`:                             {err: "a string: "},
		`new Promise((_, no) => setTimeout(() => no(Error(1))))`: {err: "Error: 1"},
	} {
		r := settled(t, evaluate(script))
		value, err := "", ""
		if r.Err != nil {
			err = r.Err.Error()
		} else {
			value, _ = r.Value.String()
		}
		if value != want.value || err != want.err {
			t.Errorf("%s gives %q, error %q", script, value, err)
		}
	}
}

// Nothing of a promise is left when it has settled, or nothing waits for it any more,
// and it may settle then.
func TestForget(t *testing.T) {
	before := Live()
	settled(t, evaluate(`Promise.resolve()`))
	settled(t, evaluate(`Promise.reject()`))
	never := Await(safejs.Safe(evaluate(`new Promise(() => {})`)))
	late := Await(safejs.Safe(evaluate(`new Promise((go) => { globalThis.go = go; })`)))
	if n := Live(); n != before+2 {
		t.Errorf("%d are awaited", n-before)
	}
	never.Forget()
	late.Forget()
	late.Forget()
	evaluate(`go("late")`)
	settled(t, evaluate(`new Promise((go) => setTimeout(go))`)) // and it has settled
	if n := Live(); n != before || len(late.C) > 0 {
		t.Errorf("%d are awaited, and there are %d results", n-before, len(late.C))
	}
}

func TestRelease(t *testing.T) {
	before := Live()
	fn, err := FuncOf(func(safejs.Value, []safejs.Value) any { return "called" })
	if err != nil {
		t.Fatal(err)
	}
	if got := js.ValueOf(safejs.Unsafe(fn.Value())).Invoke().String(); got != "called" || Live() != before+1 {
		t.Errorf("%q, and %d are alive", got, Live()-before)
	}
	Release(fn)
	if n := Live(); n != before {
		t.Errorf("%d are alive", n-before)
	}
}

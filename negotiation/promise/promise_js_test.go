package promise

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
	case r := <-Settled(safejs.Safe(p)):
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

// However a promise settles, both functions are released: JavaScript cannot call them
// any more. Nobody needs to wait for the result.
func TestSettledReleases(t *testing.T) {
	evaluate(`globalThis.then = Promise.prototype.then; globalThis.handlers = [];
		Promise.prototype.then = function(...args) { handlers.push(...args); return then.apply(this, args); }`)
	results := []<-chan Result{
		Settled(safejs.Safe(evaluate(`Promise.resolve()`))),
		Settled(safejs.Safe(evaluate(`Promise.reject()`))),
	}
	evaluate(`Promise.prototype.then = then`)
	for _, result := range results {
		select {
		case <-result:
		case <-time.After(patience):
			t.Fatal("it does not settle")
		}
	}
	refused := evaluate(`(() => {
		const { error } = console;
		let refused = 0;
		console.error = (words) => { if (words === "call to released function") refused++; else error(words); };
		for (const handler of handlers) handler();
		console.error = error;
		return refused;
	})()`).Int()
	if handlers := evaluate(`handlers.length`).Int(); handlers != 4 || refused != handlers {
		t.Errorf("of %d functions %d are released", handlers, refused)
	}
}

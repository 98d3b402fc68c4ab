package main

import (
	"time"

	"github.com/hack-pad/safejs"

	"perfect-negotiation/negotiation/signaling"
)

// key returns the secret identity of this tab on this page. It lives as long as
// the tab, so a reload takes the place of what was there before. A tab that was
// duplicated has a copy, and must not take the place of the one that it is a copy
// of: it gets one of its own.
func key() string {
	location, err := global("location")
	if err != nil {
		return signaling.NewKey()
	}
	name := "key " + text(location, "pathname")
	storage, err := global("sessionStorage") // throws where storage is forbidden
	if err != nil {
		return signaling.NewKey()
	}
	if v, err := storage.Call("getItem", name); err == nil && !v.IsNull() {
		if k, err := v.String(); err == nil && claim(k) {
			return k
		}
	}
	k := signaling.NewKey()
	claim(k)
	_, _ = storage.Call("setItem", name, k)
	return k
}

// claim tells whether no other tab has the key, and from then on this one has it.
func claim(key string) bool {
	if locks, err := global("navigator", "locks"); err == nil {
		return lock(locks, "key "+key)
	}
	return ask(key) // there are no locks outside of secure contexts
}

// lock takes a Web Lock until the page goes, if nobody has it.
// https://www.w3.org/TR/web-locks/#api-lock-manager-request
func lock(locks safejs.Value, name string) bool {
	taken := make(chan bool, 1)
	granted, err := safejs.FuncOf(func(_ safejs.Value, args []safejs.Value) any {
		if args[0].IsNull() {
			taken <- true
			return nil
		}
		taken <- false
		forever, err := safejs.Global().Get("Promise")
		if err != nil {
			return nil
		}
		never, err := safejs.FuncOf(func(safejs.Value, []safejs.Value) any { return nil })
		if err != nil {
			return nil
		}
		promise, _ := forever.New(never)
		return safejs.Unsafe(promise)
	})
	if err != nil {
		return true
	}
	if _, err := locks.Call("request", name, map[string]any{"ifAvailable": true}, granted); err != nil {
		return true
	}
	select {
	case is := <-taken:
		return !is
	case <-time.After(time.Second): // where storage is forbidden the promise is rejected
		return true
	}
}

// ask asks the other tabs whether one of them has the key.
func ask(key string) bool {
	constructor, err := global("BroadcastChannel")
	if err != nil {
		return true
	}
	channel, err := constructor.New("keys")
	if err != nil {
		return true
	}
	const question, answer = "who has ", "I have "
	taken, asked := make(chan struct{}, 1), true
	heard, err := safejs.FuncOf(func(_ safejs.Value, args []safejs.Value) any {
		switch data := text(args[0], "data"); {
		case data == answer+key && asked:
			select {
			case taken <- struct{}{}:
			default:
			}
		case data == question+key && !asked:
			_, _ = channel.Call("postMessage", answer+key)
		}
		return nil
	})
	if err != nil {
		return true
	}
	if err := channel.Set("onmessage", heard); err != nil {
		return true
	}
	_, _ = channel.Call("postMessage", question+key)
	select {
	case <-taken:
		_, _ = channel.Call("close")
		return false
	case <-time.After(150 * time.Millisecond):
		asked = false
		return true
	}
}

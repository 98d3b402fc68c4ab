package main

import (
	"context"
	"strings"
	"time"

	"github.com/hack-pad/safejs"

	"perfect-negotiation/negotiation/signaling"
	"perfect-negotiation/negotiation/signaling/wire"
	"perfect-negotiation/negotiation/webapi"
)

// key returns the secret identity of this tab on this page. It lives as long as the
// tab, so a reload takes the place of the previous page. A duplicated tab has a copy
// and must not take the place of the original: it gets a key of its own.
func key() string {
	if k := kept("key"); k != "" && claim(k, false) {
		return k
	}
	k := signaling.NewKey()
	claim(k, true)
	keep("key", k)
	return k
}

// roomToken returns the token that boot.js has taken from the page's address, or "".
func roomToken(context.Context) (string, error) {
	return text(safejs.Global(), "roomToken"), nil
}

// ticket returns the ticket that the relay has given this tab on this page, or "".
func ticket() string {
	if t := kept("ticket"); wire.ValidToken(t) {
		return t
	}
	return ""
}

func keepTicket(ticket string) { keep("ticket", ticket) }

// kept returns what this tab keeps for this page under a name, or "".
func kept(name string) string {
	v, err := stored("getItem", name)
	if err != nil || v.Type() != safejs.TypeString {
		return ""
	}
	s, _ := v.String()
	return s
}

// keep keeps a value for this page as long as the tab lives, where that is allowed.
func keep(name, value string) { _, _ = stored("setItem", name, value) }

// stored calls a method of the tab's storage with a name that this page alone has.
func stored(method, name string, args ...any) (safejs.Value, error) {
	location, err := global("location")
	if err != nil {
		return location, err
	}
	storage, err := global("sessionStorage") // throws where storage is forbidden
	if err != nil {
		return storage, err
	}
	return storage.Call(method, append([]any{name + " " + text(location, "pathname")}, args...)...)
}

// claim reports whether no other tab has the key; from then on this one has it. Nobody
// has one that is fresh.
func claim(key string, fresh bool) bool {
	if locks, err := global("navigator", "locks"); err == nil {
		return lock(locks, "key "+key)
	}
	return ask(key, fresh) // there are no locks outside of secure contexts
}

// lock acquires a Web Lock until the page is closed, if it is free.
// https://www.w3.org/TR/web-locks/#api-lock-manager-request
func lock(locks safejs.Value, name string) bool {
	ours := make(chan struct{}, 1)
	granted, err := webapi.FuncOf(func(_ safejs.Value, args []safejs.Value) any {
		if args[0].IsNull() {
			return nil
		}
		ours <- struct{}{}
		return forever()
	})
	if err != nil {
		return true
	}
	defer webapi.Release(granted)
	request, err := locks.Call("request", name, map[string]any{"ifAvailable": true}, granted)
	if err != nil {
		return true
	}
	select {
	case <-ours:
		return true
	case r := <-webapi.Await(request).C:
		return r.Err != nil // storage is forbidden; else somebody has it
	}
}

// forever returns a promise that never settles.
func forever() any {
	class, err := safejs.Global().Get("Promise")
	if err != nil {
		return nil
	}
	begin, err := webapi.FuncOf(func(safejs.Value, []safejs.Value) any { return nil })
	if err != nil {
		return nil
	}
	defer webapi.Release(begin)
	p, _ := class.New(begin)
	return safejs.Unsafe(p)
}

// ask asks the other tabs whether one of them has the key, unless it is fresh, and from
// then on answers them. Of those that ask at the same time, as restored tabs do, the one
// with the lowest number gets it.
func ask(key string, fresh bool) bool {
	constructor, err := global("BroadcastChannel")
	if err != nil {
		return true
	}
	channel, err := constructor.New("keys")
	if err != nil {
		return true
	}
	question, answer := "who has "+key+"? ", "I have "+key+", "
	number := signaling.NewKey()
	asking, taken := !fresh, false
	heard, err := webapi.FuncOf(func(_ safejs.Value, args []safejs.Value) any {
		data := text(args[0], "data")
		other, asked := strings.CutPrefix(data, question)
		switch {
		case asked && (!asking || number < other):
			_, _ = channel.Call("postMessage", answer+other)
		case asked, data == answer+number:
			taken = true
		}
		return nil
	})
	if err != nil {
		return true
	}
	if err := channel.Set("onmessage", heard); err != nil {
		webapi.Release(heard)
		return true
	}
	if fresh {
		return true
	}
	_, _ = channel.Call("postMessage", question+number)
	time.Sleep(300 * time.Millisecond) // the tab that has it answers at once, unless it is busy
	asking = false
	if taken {
		_, _ = channel.Call("close")
		webapi.Release(heard)
	}
	return !taken
}

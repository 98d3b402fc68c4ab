package transporttest

import (
	"context"
	"errors"
	"fmt"

	"perfect-negotiation/negotiation/signaling"
)

// TestTransport tests a transport, and returns all promises that it breaks: see
// [signaling.Transport] and [signaling.Dialer]. It takes some seconds.
//
// open returns what enters a room. It is called for each test, whose members enter a room
// with a new name; a transport that knows but one room opens a new one. The dialer tells
// its members apart by the Key of their options. open and what it returns may be called
// from any goroutine, and what they leave behind is the caller's to close.
func TestTransport(open func() signaling.Dialer) error {
	var broken []error
	for _, check := range checks {
		if err := run(check.run, open()); err != nil {
			broken = append(broken, fmt.Errorf("%s: %w", check.name, err))
		}
	}
	return errors.Join(broken...)
}

// checks are the promises, each of which has a room of its own.
var checks = []struct {
	name string
	run  func(*room) error
}{
	{"options that can never work are refused", refusesOptions},
	{"who is there", presence},
	{"messages arrive as they were sent", arrives},
	{"most messages arrive", loses},
	{"the handler may send, and its calls do not overlap", sequential},
	{"sending does not block", blocks},
	{"an identity is kept", identity},
	{"an end is an end", ends},
	{"link makes up for 20 % of loss", underLink},
	{"peers connect over 20 % of loss", underPeers},
}

// run runs one check in a room, and sees that it leaves no goroutine behind.
func run(check func(*room) error, dial signaling.Dialer) error {
	return leaves(func() error {
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		r := &room{ctx: ctx, dial: dial, name: "transporttest " + signaling.NewKey()}
		defer r.close()
		return check(r)
	})
}

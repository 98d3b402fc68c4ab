package signaling

import "context"

// Transport is a member's connection to a room. Over a relay that is a [Client]; a
// program that has another way to its peers brings its own, and tests it with package
// transporttest.
//
// # What a Transport promises
//
//   - To send to one: an envelope goes to the peer that its To names, and to nobody else.
//     It may be lost, repeated, late by seconds, or overtaken by others. But most of those
//     that Send takes must arrive, and all sizes and contents alike, up to 64 KB, or Send
//     returns [ErrTooLarge].
//   - To receive: an envelope arrives as it was sent, but for From, which is the id of its
//     true sender, whatever the sender wrote there. All trust is built on that.
//   - Who is there: Welcome is the first envelope of each connection, and lists who is
//     there; then Joined and Left tell, in order and without loss, who comes and goes. A
//     transport that cannot be told of an end, such as a message queue, has its members
//     give signs of life. An envelope of a peer may come before its Joined; it is lost then.
//   - To come back: a Transport that loses its connection makes another by itself, and says
//     so with Disconnected and Connected. It has the same id as before, which another
//     member that does not know the Key cannot have.
//
// # What losses cost
//
// Package peer puts package link over each pair, which sends again what is not
// acknowledged within half a second, then 1, 2, 4, 8 and 15 s. So what is lost, and what
// is overtaken, costs half a second, and the same message lost again and again more each
// time; 20 % of loss makes most exchanges last a second or two. What is repeated costs
// nothing. Peers that are Joined late meet late, and one whose Left is missing is kept
// until its connection fails.
type Transport interface {
	// Send passes an envelope on to the peer that its To names. It neither blocks nor
	// calls the handler; it may be called in the handler, and from any goroutine. An
	// error means that it was not sent; nil does not mean that it will arrive.
	Send(Envelope) error
	// Check says that the network may have changed, or that the machine was asleep.
	Check()
	// Close leaves the room. It does not wait.
	Close()
	// Done is closed when the Transport has ended, after Close, when the context of its
	// Dialer ends, or when it was put out for good. Then its handler is not called any
	// more, and its goroutines have ended.
	Done() <-chan struct{}
}

// Dialer enters a room, until ctx ends or the Transport is closed. It returns an error if
// the options can never work, see [Options.Validate]; all else is reported to the handler,
// on any goroutine, but one call at a time: first Connected, then envelopes, as
// [Transport] says. [Inbox] calls a handler like that.
type Dialer func(context.Context, Options, Handler) (Transport, error)

// Relay is the [Dialer] that enters the room of a relay, with [Connect].
func Relay(ctx context.Context, o Options, handler Handler) (Transport, error) {
	c, err := Connect(ctx, o, handler)
	if err != nil {
		return nil, err
	}
	return c, nil
}

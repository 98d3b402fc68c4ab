package signaling

import "context"

// Transport is a member's connection to a room. Over a relay that is a [Client]; a
// program that has another way to its peers brings its own. It may lose, repeat, delay
// and reorder what goes from peer to peer: package link makes up for that.
type Transport interface {
	// Send passes an envelope on to the peer that its To names. It neither blocks nor
	// calls the handler. An error means that it was not sent; nil does not mean that it
	// will arrive.
	Send(Envelope) error
	// Check says that the network may have changed, or that the machine was asleep.
	Check()
	// Close leaves the room.
	Close()
	// Done is closed when the Transport has ended. Its handler is not called any more.
	Done() <-chan struct{}
}

// Dialer enters a room, until ctx ends or the Transport is closed. It returns an error if
// the options can never work; all else is reported to the handler: first Connected, then
// envelopes, of which the first is a Welcome that names us and those who are there.
// Joined and Left tell in order who comes and goes; all other envelopes are from a peer.
type Dialer func(context.Context, Options, Handler) (Transport, error)

// Relay is the [Dialer] that enters the room of a relay, with [Connect].
func Relay(ctx context.Context, o Options, handler Handler) (Transport, error) {
	c, err := Connect(ctx, o, handler)
	if err != nil {
		return nil, err
	}
	return c, nil
}

package peer

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// Broadcast sends m over each of channels at the same time, as [Channel.Send] and
// [Channel.SendText] do, so that none waits for a slow one. It returns when m has been
// sent or has failed on each of them: a join of their errors, each with the id of its
// peer, or nil.
func Broadcast(ctx context.Context, m Message, channels ...*Channel) error {
	errs := make([]error, len(channels))
	var sending sync.WaitGroup
	for i, c := range channels {
		sending.Go(func() {
			if err := c.send(ctx, m); err != nil {
				errs[i] = fmt.Errorf("peer %s: %w", c.Peer(), err)
			}
		})
	}
	sending.Wait()
	return errors.Join(errs...)
}

package negotiation

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"sync"
	"testing"
	"time"
)

// courier is one side's end of what carries messages between the two sides of a test, in
// order, and with it what each side tells the other about the test.
type courier struct {
	t      *testing.T
	frames chan<- []byte // to the other side
	passes chan pass
	done   chan struct{} // the other side has looked at everything
}

func newCourier(t *testing.T) courier {
	return courier{t: t, passes: make(chan pass, 4), done: make(chan struct{})}
}

func (c *courier) send(f frame) {
	data, err := json.Marshal(f)
	if err != nil {
		c.t.Error(err)
	}
	c.frames <- data
}

func (c *courier) receive(f frame, hear func(Message)) {
	switch {
	case f.Done:
		close(c.done)
	case f.Pass != nil:
		c.passes <- *f.Pass
	case f.Message != nil:
		hear(*f.Message)
	}
}

// settle waits until neither side sees anything happen any more, and returns what both see.
func (c *courier) settle(ctx context.Context, name string, negotiated func(context.Context) error, see func() pass) (mine, theirs pass, ok bool) {
	for n := 0; ; n++ {
		if err := negotiated(ctx); err != nil {
			c.t.Errorf("%s: not negotiated: %v", name, err)
			return mine, theirs, false
		}
		before, theirsBefore := mine, theirs
		mine = see()
		c.send(frame{Pass: &mine})
		select {
		case theirs = <-c.passes:
		case <-ctx.Done():
			c.t.Errorf("%s: the other side does not come to rest", name)
			return mine, theirs, false
		}
		if n > 0 && mine == before && theirs == theirsBefore {
			return mine, theirs, true
		}
	}
}

// delayed returns a queue that keeps the order and takes its time.
func delayed(t *testing.T, deliver func(frame)) chan<- []byte {
	return delayedBy(t, rand.New(rand.NewPCG(3, 4+*seed)), 4, deliver)
}

// delayedBy returns a queue that keeps the order and takes less than limit milliseconds
// for each frame.
func delayedBy(t *testing.T, r *rand.Rand, limit int, deliver func(frame)) chan<- []byte {
	queue := make(chan []byte, 1024)
	var wg sync.WaitGroup
	wg.Go(func() {
		for data := range queue {
			if d := r.IntN(limit); d > 0 {
				time.Sleep(time.Duration(d) * time.Millisecond)
			}
			var f frame
			if err := json.Unmarshal(data, &f); err != nil {
				t.Error(err)
			}
			deliver(f)
		}
	})
	t.Cleanup(func() {
		close(queue)
		wg.Wait()
	})
	return queue
}

// frame is a message between the two parties, which come in order.
type frame struct {
	Message *Message `json:"message,omitempty"`
	Pass    *pass    `json:"pass,omitempty"`
	Done    bool     `json:"done,omitempty"`
}

// pass is what one party sees after it has negotiated all it wanted. When two in a row are
// equal on both sides, everything is at rest.
type pass struct {
	Events   int
	Sections string
	Live     string // mids of the sections on which media are sent
	Chat     int    // lines sent
}

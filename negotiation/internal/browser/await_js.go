package browser

import (
	"errors"
	"fmt"
	"time"

	"github.com/hack-pad/safejs"

	"perfect-negotiation/negotiation/internal/held"
	"perfect-negotiation/negotiation/webapi"
)

// opTimeout bounds one operation of the browser. Its promise never settles if the
// connection is closed meanwhile.
const opTimeout = 15 * time.Second

var errTimeout = errors.New("the browser did not answer in time")

func stringOf(object safejs.Value, property string) (string, bool) {
	v, err := object.Get(property)
	if err != nil || v.Type() != safejs.TypeString {
		return "", false
	}
	s, err := v.String()
	return s, err == nil
}

// await calls a method that returns a promise and waits for it. An error starts
// with the DOMException's name.
func (b *Connection) await(method string, args ...any) (safejs.Value, error) {
	p, err := b.js.Call(method, args...)
	if err != nil {
		return safejs.Undefined(), err
	}
	settled := webapi.Await(p)
	defer settled.Forget()
	timeout := time.NewTimer(opTimeout)
	defer timeout.Stop()
	select {
	case r := <-settled.C:
		if r.Err != nil {
			b.look()
		}
		return r.Value, r.Err
	case <-b.to.Stop:
		return safejs.Undefined(), held.ErrClosed
	case <-timeout.C:
		return safejs.Undefined(), fmt.Errorf("%s: %w", method, errTimeout)
	}
}

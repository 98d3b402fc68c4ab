package signaling

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/hack-pad/safejs"

	"perfect-negotiation/negotiation/webapi"
)

// maxBuffered is the maximum of bytes buffered in the browser.
const maxBuffered = 1 << 20

var errGone = errors.New("the relay cannot be reached")

// browserConn is the browser's WebSocket.
type browserConn struct {
	ws     safejs.Value
	fns    []safejs.Func
	opened chan struct{}
	closed chan struct{}
	once   sync.Once
	err    error // set before closed is closed

	mu     sync.Mutex
	frames [][]byte
	more   chan struct{} // frames is not empty; capacity 1
}

func dial(ctx context.Context, url string, protocols []string, _ []byte) (conn, error) {
	list := make([]any, len(protocols))
	for i, p := range protocols {
		list[i] = p
	}
	constructor, err := safejs.Global().Get("WebSocket")
	if err != nil {
		return nil, err
	}
	ws, err := constructor.New(url, list)
	if err != nil {
		return nil, fmt.Errorf("open a WebSocket to %s: %w", url, err)
	}
	c := &browserConn{ws: ws, opened: make(chan struct{}), closed: make(chan struct{}), more: make(chan struct{}, 1)}
	err = errors.Join(
		c.on("open", func(safejs.Value) { close(c.opened) }),
		c.on("message", c.message),
		c.on("close", c.gone),
	)
	if err != nil {
		c.close()
		return nil, err
	}
	select {
	case <-c.opened:
		return c, nil
	case <-c.closed:
		return nil, whyRefused(ctx, url, c.err)
	case <-ctx.Done():
		c.close()
		return nil, ctx.Err()
	}
}

func (c *browserConn) on(event string, f func(safejs.Value)) error {
	fn, err := webapi.FuncOf(func(_ safejs.Value, args []safejs.Value) any {
		f(args[0])
		return nil
	})
	if err != nil {
		return err
	}
	c.fns = append(c.fns, fn)
	return c.ws.Set("on"+event, fn)
}

func (c *browserConn) message(event safejs.Value) {
	data, err := event.Get("data")
	if err != nil || data.Type() != safejs.TypeString {
		return
	}
	text, err := data.String()
	if err != nil {
		return
	}
	c.mu.Lock()
	c.frames = append(c.frames, []byte(text))
	c.mu.Unlock()
	select {
	case c.more <- struct{}{}:
	default:
	}
}

func (c *browserConn) gone(event safejs.Value) {
	err := errGone
	if reason, _ := event.Get("reason"); reason.Type() == safejs.TypeString {
		if text, _ := reason.String(); text != "" {
			err = fmt.Errorf("%w: %s", errGone, text)
		}
	}
	c.end(err)
}

// end detaches and releases the handlers. Only the first call counts.
func (c *browserConn) end(err error) {
	c.once.Do(func() {
		for _, event := range []string{"onopen", "onmessage", "onclose"} {
			_ = c.ws.Set(event, safejs.Null())
		}
		for _, fn := range c.fns {
			webapi.Release(fn)
		}
		c.err = err
		close(c.closed)
	})
}

func (c *browserConn) read() ([]byte, error) {
	for {
		c.mu.Lock()
		if len(c.frames) > 0 {
			frame := c.frames[0]
			c.frames = c.frames[1:]
			c.mu.Unlock()
			return frame, nil
		}
		c.mu.Unlock()
		select {
		case <-c.more:
		case <-c.closed:
			// Frames that came before the end are still to be read.
			select {
			case <-c.more:
			default:
				return nil, c.err
			}
		}
	}
}

func (c *browserConn) write(frame []byte) error {
	buffered, err := c.ws.Get("bufferedAmount")
	if err != nil {
		return err
	}
	if n, err := buffered.Int(); err != nil || n > maxBuffered {
		return ErrSlow
	}
	_, err = c.ws.Call("send", string(frame))
	return err
}

func (c *browserConn) close() {
	_, _ = c.ws.Call("close")
	c.end(errGone)
}

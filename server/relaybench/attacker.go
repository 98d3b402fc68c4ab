package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/gorilla/websocket"
)

// attacker is workers that attack a server from one address, or from many.
type attacker struct {
	target  string // host and port
	many    bool   // each worker has an address of its own
	program string // path of the page's, for downloads

	ctx     context.Context // done: it ends
	running sync.WaitGroup
	dialing chan struct{} // one for each that opens a WebSocket: as many as of a crowd
	in, out atomic.Int64  // connections that were let in, and those that were not
}

// strike starts workers, each with its number, until the function that it returns is
// called.
func (a *attacker) strike(ctx context.Context, workers int, work func(a *attacker, worker int)) (end func()) {
	var cancel context.CancelFunc
	a.ctx, cancel = context.WithCancel(ctx)
	a.dialing = make(chan struct{}, dialers)
	for worker := range workers {
		a.running.Go(func() { work(a, worker) })
	}
	return func() {
		cancel()
		a.running.Wait()
	}
}

func (a *attacker) from(worker int) net.Addr {
	if a.many {
		return host(1 + worker)
	}
	return host(0)
}

// connect opens a TCP connection, or returns nil. It ends with the attack.
func (a *attacker) connect(worker int) net.Conn {
	c, err := (&net.Dialer{LocalAddr: a.from(worker)}).DialContext(a.ctx, "tcp", a.target)
	if err != nil {
		return nil
	}
	context.AfterFunc(a.ctx, func() { c.Close() })
	return c
}

// dial enters a room, or returns nil. The connection ends with the attack.
func (a *attacker) dial(worker int, room string) *websocket.Conn {
	a.dialing <- struct{}{}
	ws, err := dialFrom(a.ctx, a.from(worker), a.target, "/ws?room="+room)
	<-a.dialing
	if err != nil {
		a.out.Add(1)
		return nil
	}
	a.in.Add(1)
	context.AfterFunc(a.ctx, func() { ws.Close() })
	return ws
}

// member is dial, and reads what comes.
func (a *attacker) member(worker int, room string) net.Conn {
	ws := a.dial(worker, room)
	if ws == nil {
		return nil
	}
	a.running.Go(func() { drain(ws.UnderlyingConn()) })
	return ws.UnderlyingConn()
}

// repeat writes a frame as often as it can until the connection or the attack ends.
func (a *attacker) repeat(worker int, room, frame string) {
	block := strings.Repeat(frame, max(1, 16<<10/len(frame)))
	for c := a.member(worker, room); c != nil; {
		if _, err := io.WriteString(c, block); err != nil {
			return
		}
	}
}

func drain(c net.Conn) { _, _ = io.Copy(io.Discard, c) }

// rooms returns the name of the room of a worker, where so many share one.
func rooms(worker, each int) string { return fmt.Sprint("attacked", worker/each) }

const (
	opText = 1
	opPing = 9
)

// frame is one of a client, masked with zeros.
func frame(opcode byte, payload string) string {
	length := string([]byte{0x80 | byte(len(payload))})
	if len(payload) > 125 {
		length = string([]byte{0x80 | 126, byte(len(payload) >> 8), byte(len(payload))})
	}
	return string([]byte{0x80 | opcode}) + length + "\x00\x00\x00\x00" + payload
}

package main

import (
	"context"
	"fmt"
	"net"
	"sync"
	"sync/atomic"

	"github.com/gorilla/websocket"
)

const (
	bystanders = 200  // clients that are watched
	watched    = 2000 // messages a second that they send in all

	flooders = 7 // that fill a room, with a reader
	flood    = 100 << 20
)

// stopped measures what comes of a reader that reads no more while others of its room
// send it what they can: of the server, and of other rooms, by how they fare while all
// that goes to a sink beside it.
func (b *bench) stopped(ctx context.Context, k *kind) error {
	sink, err := b.sink.start(ctx)
	if err != nil {
		return err
	}
	defer sink.end()
	return b.with(ctx, k, bystanders, func(c *crowd) error {
		c.resize(300)
		beside, err := c.flooded(ctx, sink)
		if err != nil {
			return err
		}
		f, err := c.flooded(ctx, c.server)
		if err != nil {
			return err
		}
		const name = "100 MB to a reader that stopped: "
		b.servers.add(name+"sent, MB", k.name, f.sent)
		b.servers.add(name+"growth, MB", k.name, f.growth, goal{10, ""})
		b.servers.add(name+"p99 of others, ms", k.name, f.p99)
		b.servers.add(name+"by that beside a sink", k.name, f.p99/beside.p99, goal{1.5, ""})
		return nil
	})
}

// flooding is what came of a flood: of how much was sent, how the server that it went to
// has grown, in MB, and how long the messages of the crowd took meanwhile, in ms.
type flooding struct{ sent, growth, p99 float64 }

// flooded floods a reader of a server while the crowd goes on.
func (c *crowd) flooded(ctx context.Context, target *process) (flooding, error) {
	ctx, end := context.WithCancel(ctx)
	var writing sync.WaitGroup
	defer writing.Wait()
	defer end()
	room, err := fillRoom(ctx, target)
	if err != nil {
		return flooding{}, err
	}
	growth := target.watch(ctx)
	var sent atomic.Int64
	for _, ws := range room.flooders {
		writing.Go(func() {
			for sent.Load() < flood && ws.WriteMessage(websocket.TextMessage, room.message) == nil {
				sent.Add(int64(len(room.message)))
			}
		})
	}
	took, err := c.stream(ctx, watched, measured)
	end()
	return flooding{float64(sent.Load()) / (1 << 20), growth(), quantile(took, 0.99)}, err
}

// stoppedRoom is a room with a reader that does not read.
type stoppedRoom struct {
	flooders []*websocket.Conn
	message  []byte // to the reader
}

// fillRoom fills one. Its connections end with ctx.
func fillRoom(ctx context.Context, p *process) (*stoppedRoom, error) {
	const first = 90_000_000
	join := func(n int) (*websocket.Conn, string, error) {
		ws, err := dialFrom(ctx, host(n), p.addr, p.dialect.path("stopped", first+n))
		if err != nil {
			return nil, "", err
		}
		context.AfterFunc(ctx, func() { ws.Close() })
		_, welcome, err := ws.ReadMessage()
		if err != nil {
			return nil, "", err
		}
		id, err := p.dialect.id(welcome, first+n)
		return ws, id, err
	}
	reader, id, err := join(0)
	if err != nil {
		return nil, err
	}
	if tcp, ok := reader.UnderlyingConn().(*net.TCPConn); ok {
		_ = tcp.SetReadBuffer(4 << 10) // what it holds is not the server's
	}
	room := &stoppedRoom{}
	room.message, _ = p.dialect.message(id, 16<<10)
	for n := range flooders {
		ws, _, err := join(1 + n)
		if err != nil {
			return nil, fmt.Errorf("flooder %d: %w", n+1, err)
		}
		go drain(ws.UnderlyingConn())
		room.flooders = append(room.flooders, ws)
	}
	return room, nil
}

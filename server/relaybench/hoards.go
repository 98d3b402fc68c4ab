package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"strings"
)

// hoard is what workers have the relay hold, until they are ended.
type hoard struct {
	name    string
	many    bool // addresses
	workers int
	most    float64 // MB that the relay may grow by; 0: it has another goal
	work    func(a *attacker, worker int)
}

const sockets = 5000

var hoards = []hoard{
	{"sockets from one address", false, sockets, 16, func(a *attacker, worker int) {
		if a.member(worker, rooms(worker, 8)) != nil {
			<-a.ctx.Done()
		}
	}},
	{"sockets from many", true, sockets, sockets * 10 / 1024., func(a *attacker, worker int) {
		if a.member(worker, rooms(worker, 8)) != nil {
			<-a.ctx.Done()
		}
	}},
	{"32 that are sent to and do not read", false, 32, 16, func(a *attacker, worker int) {
		if worker%2 == 0 {
			a.repeat(worker, rooms(worker, 2), frame(opText, `{"pad":"`+strings.Repeat("x", 8<<10)+`"}`))
			return
		}
		if a.dial(worker, rooms(worker, 2)) != nil {
			<-a.ctx.Done()
		}
	}},
	{"200 downloads that nobody reads", false, 200, 16, func(a *attacker, worker int) {
		a.request(worker, "GET "+a.program+" HTTP/1.1\r\nHost: localhost\r\n\r\n")
	}},
	{"250 requests that never end", false, 250, 16, func(a *attacker, worker int) {
		a.request(worker, "GET /ws?room=r HTTP/1.1\r\nHost: localhost\r\nX-Slow: "+strings.Repeat("x", 8<<10))
	}},
	{"2000 rooms", true, 2000, 16, func(a *attacker, worker int) {
		if a.member(worker, rooms(worker, 1)) != nil {
			<-a.ctx.Done()
		}
	}},
}

// request writes one, and reads nothing.
func (a *attacker) request(worker int, text string) {
	c := a.connect(worker)
	if c == nil {
		a.out.Add(1)
		return
	}
	a.in.Add(1)
	_, _ = io.WriteString(c, text)
	<-a.ctx.Done()
}

// hoard measures how the memory of the relay grows while others have it hold things.
func (b *bench) hoard(ctx context.Context, k *kind) error {
	for _, hoard := range hoards {
		fmt.Fprintln(os.Stderr, "        ", hoard.name)
		err := b.with(ctx, k, 2, func(c *crowd) error { return b.held(ctx, c, hoard) })
		if err != nil {
			return fmt.Errorf("%s: %w", hoard.name, err)
		}
	}
	return nil
}

func (b *bench) held(ctx context.Context, c *crowd, hoard hoard) error {
	program, err := programOf(c.server.addr)
	if err != nil {
		return err
	}
	holding, end := context.WithCancel(ctx)
	defer end()
	growth := c.server.watch(holding)
	a := &attacker{target: c.server.addr, many: hoard.many, program: program}
	defer a.strike(ctx, hoard.workers, hoard.work)()
	if err := c.pass(ctx, measured); err != nil {
		return err
	}
	end()
	b.hoards.add(hoard.name+": refused", c.server.name, float64(a.out.Load()))
	b.hoards.add(hoard.name+": growth, MB", c.server.name, growth(), goal{hoard.most, ""})
	return nil
}

var wasm = regexp.MustCompile(`data-wasm="([^"]*)"`)

// programOf returns the path of the page's program, which is the largest file.
func programOf(addr string) (string, error) {
	response, err := http.Get("http://" + addr)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	page, err := io.ReadAll(response.Body)
	found := wasm.FindSubmatch(page)
	if err == nil && (found == nil || len(found[1]) == 0) {
		err = errors.New("the page is not built")
	}
	if err != nil {
		return "", err
	}
	return string(found[1]), nil
}

package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// kind is a server that can be started.
type kind struct {
	name    string
	dialect dialect
	// command is the command line of one that listens on addr, and, if it has something
	// for its operator, on internal.
	command func(addr, internal string) []string
}

// process is a server that runs.
type process struct {
	*kind
	addr, internal string
	cmd            *exec.Cmd
	ended          chan struct{}
	kill           context.CancelFunc
}

// startTimeout is how long a server may take until it listens.
const startTimeout = 20 * time.Second

// start starts a server, and returns when it listens. It ends with ctx, or by end.
func (k *kind) start(ctx context.Context) (*process, error) {
	addr, internal, err := freeAddresses()
	if err != nil {
		return nil, err
	}
	ctx, kill := context.WithCancel(ctx)
	line := k.command(addr, internal)
	p := &process{kind: k, addr: addr, internal: internal, cmd: exec.CommandContext(ctx, line[0], line[1:]...), ended: make(chan struct{}), kill: kill}
	var said strings.Builder
	p.cmd.Stderr = &said
	if err := p.cmd.Start(); err != nil {
		kill()
		return nil, err
	}
	go func() {
		defer close(p.ended)
		_ = p.cmd.Wait() // how it ends is no matter
	}()
	timeout := time.After(startTimeout)
	for {
		if c, err := net.Dial("tcp", addr); err == nil {
			c.Close()
			return p, nil
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-p.ended:
			kill()
			return nil, fmt.Errorf("%s has ended: %s", k.name, said.String())
		case <-timeout:
			p.end()
			return nil, fmt.Errorf("%s does not listen on %s", k.name, addr)
		}
	}
}

// end ends the server at once.
func (p *process) end() {
	p.kill()
	<-p.ended
}

// freeAddresses returns two on which nobody listens.
func freeAddresses() (one, other string, err error) {
	a, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", "", err
	}
	defer a.Close()
	b, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", "", err
	}
	defer b.Close()
	return a.Addr().String(), b.Addr().String(), nil
}

// tick is the unit of time in /proc: 1/USER_HZ, which is the same on all of Linux that Go
// runs on.
const tick = 10 * time.Millisecond

// cpu returns the time that the process has had of all cores together. proc_pid_stat(5).
func (p *process) cpu() (time.Duration, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
	if err != nil {
		return 0, p.gone(err)
	}
	_, rest, _ := strings.Cut(string(text), ") ")
	fields := strings.Fields(rest) // from the third on
	if len(fields) < 13 {
		return 0, fmt.Errorf("/proc/PID/stat has %q", text)
	}
	user, err1 := strconv.Atoi(fields[11])
	system, err2 := strconv.Atoi(fields[12])
	return time.Duration(user+system) * tick, errors.Join(err1, err2)
}

// memory returns the bytes of the process that are in memory and come from no file, such
// as that of the program. proc_pid_smaps(5).
func (p *process) memory() (float64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", p.cmd.Process.Pid))
	if err != nil {
		return 0, p.gone(err)
	}
	for line := range strings.Lines(string(text)) {
		if f := strings.Fields(line); len(f) == 3 && f[0] == "Anonymous:" {
			kb, err := strconv.Atoi(f[1])
			return float64(kb) * 1024, err
		}
	}
	return 0, errors.New("/proc/PID/smaps_rollup has no Anonymous")
}

// files returns how many the process may open. proc_pid_limits(5).
func (p *process) files() (int, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/limits", p.cmd.Process.Pid))
	if err != nil {
		return 0, p.gone(err)
	}
	for line := range strings.Lines(string(text)) {
		if rest, found := strings.CutPrefix(line, "Max open files"); found {
			if soft := strings.Fields(rest)[0]; soft != "unlimited" {
				return strconv.Atoi(soft)
			}
		}
	}
	return 1 << 30, nil
}

func (p *process) gone(err error) error { return fmt.Errorf("%s: %w", p.name, err) }

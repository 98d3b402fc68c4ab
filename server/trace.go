package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/urfave/cli/v3"

	"perfect-negotiation/negotiation"
	"perfect-negotiation/negotiation/replay"
	"perfect-negotiation/negotiation/trace"
	"perfect-negotiation/negotiation/trace/dump"
	"perfect-negotiation/server/terminal"
)

func traceFlags() []cli.Flag {
	return []cli.Flag{
		&cli.BoolFlag{Name: "replay", Usage: "decide all of it once more, and say whether it is the same"},
		&cli.IntFlag{Name: "mermaid", Usage: "print exchange `N` alone, as a Mermaid sequence diagram"},
	}
}

// runTrace prints a file written by peer --trace or by a page.
func runTrace(_ context.Context, c *cli.Command) error {
	if c.NArg() != 1 {
		return fmt.Errorf("%w: trace takes one file, as in: server trace negotiation.trace", errUsage)
	}
	name := c.Args().First()
	in, err := os.Open(name)
	if err != nil {
		return err
	}
	defer in.Close()
	if info, err := in.Stat(); err != nil {
		return err
	} else if info.IsDir() {
		return fmt.Errorf("%s is a directory", name)
	}
	file, err := dump.Read(in)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if c.Bool("replay") {
		negotiations, same, err := replay.File(file)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		_, err = fmt.Fprintf(c.Root().Writer, "The same: %d decisions of %d negotiations.\n", same, negotiations)
		return err
	}
	if c.IsSet("mermaid") {
		err := file.Mermaid(c.Root().Writer, c.Int("mermaid"))
		if errors.Is(err, dump.ErrExchange) {
			return fmt.Errorf("%w: --mermaid %d: %w", errUsage, c.Int("mermaid"), err)
		}
		return err
	}
	return file.Ladder(c.Root().Writer)
}

// keeper writes the trace of a peer to a file; a nil keeper keeps nothing.
type keeper struct {
	spool  *terminal.Spool
	writer *dump.Writer
}

// keep creates the file that --trace names, if any.
func keep(name, room string, fail func(error)) (*keeper, error) {
	if name == "" {
		return nil, nil
	}
	spool, err := terminal.Create(name, fail)
	if err != nil {
		return nil, fmt.Errorf("%w: --trace: %w", errUsage, err)
	}
	writer, err := dump.NewWriter(spool, dump.Header{UserAgent: "native", Room: room, Source: negotiation.Source, Masked: true})
	return &keeper{spool, writer}, err
}

// add writes an event. The spool reports errors.
func (k *keeper) add(l trace.Line) {
	if k != nil {
		_ = k.writer.Write(l)
	}
}

// inputs returns the OnInput of [peer.Config]; nil if nothing is kept.
func (k *keeper) inputs() func(trace.Input) {
	if k == nil {
		return nil
	}
	return func(in trace.Input) { _ = k.writer.WriteInput(in) }
}

func (k *keeper) Close() error {
	if k == nil {
		return nil
	}
	return k.spool.Close()
}

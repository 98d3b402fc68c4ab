// Command server is the relay with its page, and the native peer.
//
//	server [serve] --addr :8080
//	server peer --server http://localhost:8080 --room demo
//	server token --room demo
//	server trace FILE
//	server --version
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/urfave/cli/v3"
)

// failure is an error of a command that has started; other errors are wrong usage.
type failure struct{ error }

func (f failure) Unwrap() error { return f.error }

func begun(action cli.ActionFunc) cli.ActionFunc {
	return func(ctx context.Context, c *cli.Command) error {
		if err := action(ctx, c); err != nil {
			return failure{err}
		}
		return nil
	}
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the program at once
	unsetEmpty()
	var failed failure
	switch err := command().Run(ctx, commandLine(os.Args)); {
	case err == nil:
	case errors.Is(err, errUsage), !errors.As(err, &failed): // an environment variable may be wrong
		fmt.Fprintf(os.Stderr, "server: %v\nTry --help.\n", err)
		os.Exit(2)
	default:
		fmt.Fprintln(os.Stderr, "server:", err)
		os.Exit(1)
	}
}

func command() *cli.Command {
	root := &cli.Command{
		Name:  "server",
		Usage: "perfect negotiation: a relay with a page, and a native peer",
		Description: "Without a command it serves. Open the page in two tabs, or in one tab beside\n" +
			"a native peer, and let their offers collide.",
		Flags:          append(serveFlags(), versionFlag()),
		Action:         begun(orVersion(serve)),
		OnUsageError:   usage,
		ExitErrHandler: func(context.Context, *cli.Command, error) {},
		Commands: []*cli.Command{
			{
				Name:         "serve",
				Usage:        "relay signalling and serve the page (the default)",
				Flags:        serveFlags(),
				Action:       begun(serve),
				OnUsageError: usage,
			},
			{
				Name:  "peer",
				Usage: "join a room as a native peer",
				Description: "What you type is chat. /connect opens a data channel, /renegotiate forces an\n" +
					"offer, /collide makes the offers of both sides collide, /collide 10 ten times,\n" +
					"/restart restarts ICE, /media on and /media off send and stop a picture with a\n" +
					"tone, /peers lists who is in the room, /to PEER text says it to one of them,\n" +
					"whose id begins with PEER, /reconnect checks the relay connection now, /quit\n" +
					"leaves, /help lists all this; //text says a line that begins with a slash.\n" +
					"Received chat goes to standard output, the log to standard error. On a terminal\n" +
					"they have colours, unless NO_COLOR is set, and names where there are several.",
				Flags:        peerFlags(),
				Action:       begun(runPeer),
				OnUsageError: usage,
			},
			{
				Name:  "token",
				Usage: "print a token for a room of a server with --auth-secret-file, and a link with it",
				Description: "Prints two lines: the token, which native peers take from a file or a variable,\n" +
					"and a link for people. Whoever has either of them gets in until it expires.",
				Flags:        tokenFlags(),
				Action:       begun(runToken),
				OnUsageError: usage,
			},
			{
				Name:         "trace",
				Usage:        "print a trace that peer --trace or a page has kept",
				ArgsUsage:    "FILE",
				Description:  "Prints each exchange as a ladder: this side on the left, the other on the right,\nin the order of cause and effect, whatever the clocks said.",
				Flags:        traceFlags(),
				Action:       begun(runTrace),
				OnUsageError: usage,
			},
		},
	}
	return root
}

package main

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"math"
	"os"

	"github.com/urfave/cli/v3"

	"perfect-negotiation/negotiation"
	"perfect-negotiation/negotiation/peer"
	"perfect-negotiation/negotiation/signaling"
	"perfect-negotiation/negotiation/trace"
	"perfect-negotiation/server/media"
	"perfect-negotiation/server/terminal"
)

// demoRoom is the room of the pages /polite and /impolite, in which no peer connects
// by itself.
const demoRoom = "demo"

const megabyte = 1_000_000 // bytes

func peerFlags() []cli.Flag {
	return append([]cli.Flag{
		&cli.StringFlag{
			Name: "server", Value: "http://localhost:8080", Sources: cli.EnvVars("PN_SERVER"),
			Usage: "`URL` of the relay",
		},
		&cli.StringFlag{
			Name: "room", Value: demoRoom, Sources: cli.EnvVars("PN_ROOM"),
			Usage: "`name` of the room to join",
		},
		&cli.StringFlag{
			Name: "role", Sources: cli.EnvVars("PN_ROLE"),
			Usage: "`role` to take: polite or impolite; without it the peers agree on it (native peers are polite to browsers)",
		},
		&cli.StringFlag{
			Name: "connect", Sources: cli.EnvVars("PN_CONNECT"),
			Usage: "`when` to open a data channel: auto, on meeting a peer, or wait, for /connect or the other side (default: wait in room demo, else auto)",
		},
		&cli.StringFlag{
			Name: "media", Sources: cli.EnvVars("PN_MEDIA"),
			Usage: "`what` to do with media: pattern sends a picture and a tone, echo sends back what comes, record DIR writes it to IVF and Ogg files",
		},
		&cli.Int64Flag{
			Name: "record-limit", Value: 1000, Sources: cli.EnvVars("PN_RECORD_LIMIT"),
			Usage: "largest size of all that is recorded, in `MB`",
		},
		&cli.BoolFlag{
			Name: "echo", Sources: cli.EnvVars("PN_ECHO"),
			Usage: "echo received chat (not on both sides)",
		},
		&cli.BoolFlag{
			Name: "verbose", Sources: cli.EnvVars("PN_VERBOSE"),
			Usage: "log signaling states too, and each message of the signalling as it is sent, delivered or dropped",
		},
		&cli.StringFlag{
			Name: "log", Value: "text", Sources: cli.EnvVars("PN_LOG"),
			Usage: "`how` to log: text, or json, with one line for each event",
		},
		&cli.StringFlag{
			Name: "trace", Sources: cli.EnvVars("PN_TRACE"),
			Usage: "new `file` for the trace of both sides; server trace prints it. Addresses, ICE credentials, chat and the room are masked",
		},
		&cli.StringFlag{
			Name: "tls-ca", Sources: cli.EnvVars("PN_TLS_CA"),
			Usage: "`file` with certificates (PEM) to trust beside the system's, such as self-signed.crt of the relay",
		},
		&cli.StringFlag{
			Name: "token-file", Sources: cli.EnvVars("PN_TOKEN_FILE"),
			Usage: "`file` with the room token in its first line, as server token prints it, read at each connect (default: the token in the variable PN_TOKEN, if it is set)",
		},
		&cli.StringFlag{
			Name: "key", Sources: cli.EnvVars("PN_KEY"),
			Usage: "secret `key` of a fixed identity, 22 to 64 characters of A-Z a-z 0-9 - _ (default: a new one)",
		},
	}, candidateFlags()...)
}

func runPeer(ctx context.Context, c *cli.Command) error {
	room, role, connect := c.String("room"), negotiation.Role(c.String("role")), c.String("connect")
	if err := errors.Join(checkServer(c.String("server")), checkIdentity(room, role, c.String("key"))); err != nil {
		return err
	}
	if connect == "" {
		connect = "auto"
		if room == demoRoom {
			connect = "wait"
		}
	}
	if connect != "auto" && connect != "wait" {
		return fmt.Errorf("%w: --connect must be auto or wait, not %q", errUsage, connect)
	}
	candidates, err := candidateRules(c)
	if err != nil {
		return err
	}
	log := c.String("log")
	if log != "text" && log != "json" {
		return fmt.Errorf("%w: --log must be text or json, not %q", errUsage, log)
	}
	ca, err := readCA(c.String("tls-ca"))
	if err != nil {
		return err
	}
	token, err := peerToken(c.String("token-file"))
	if err != nil {
		return err
	}
	recorder, err := recorder(c)
	if err != nil {
		return err
	}
	var t *terminal.Terminal
	kept, err := keep(c.String("trace"), room, func(err error) { t.Note("The trace ends here: %v", err) })
	if err != nil {
		return err
	}
	t = terminal.New(terminal.Config{
		In: c.Root().Reader, Out: c.Root().Writer, Log: c.Root().ErrWriter,
		Echo: c.Bool("echo"), Verbose: c.Bool("verbose"),
		JSON: log == "json", Colour: os.Getenv("NO_COLOR") == "",
		Media: terminal.Media(c.String("media")), Recorder: recorder,
	})
	p, err := peer.Join(ctx, peer.Config{
		Options: signaling.Options{
			Server: c.String("server"), Room: room, Role: role, Key: c.String("key"), CA: ca, Token: token,
		},
		Candidates: candidates,

		Wait:    connect == "wait",
		Version: "native",
		Verbose: c.Bool("verbose"),
		Trace: func(e trace.Event) {
			kept.add(trace.LineOf(e))
			t.Trace(e)
		},
		OnRemoteTrace: func(_ string, l trace.Line) { kept.add(l) }, // the other side may record ours in any case
		OnInput:       kept.inputs(),
		OnTrack:       t.OnTrack,
	})
	if err != nil {
		return fmt.Errorf("%w: %w", errUsage, err)
	}
	return errors.Join(t.Run(ctx, p), kept.Close())
}

// readCA reads the file of --tls-ca; without one it returns nil.
func readCA(file string) ([]byte, error) {
	if file == "" {
		return nil, nil
	}
	ca, err := os.ReadFile(file)
	if err == nil && !x509.NewCertPool().AppendCertsFromPEM(ca) {
		err = fmt.Errorf("there is no certificate in %s, or it is not PEM", file)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: --tls-ca: %w", errUsage, err)
	}
	return ca, nil
}

// recorder checks --media and creates its directory if there is to be one, else it
// returns nil.
func recorder(c *cli.Command) (*media.Recorder, error) {
	switch m := terminal.Media(c.String("media")); m {
	case "", terminal.MediaPattern, terminal.MediaEcho:
		return nil, noArguments(c)
	case terminal.MediaRecord:
	default:
		return nil, fmt.Errorf("%w: --media must be pattern, echo or record, not %q", errUsage, m)
	}
	if c.NArg() != 1 {
		return nil, fmt.Errorf("%w: --media record takes one directory, as in: --media record ./recordings", errUsage)
	}
	limit := c.Int64("record-limit")
	if limit < 1 || limit > math.MaxInt64/megabyte {
		return nil, fmt.Errorf("%w: --record-limit must be from 1 to %d", errUsage, math.MaxInt64/megabyte)
	}
	dir := c.Args().First()
	return media.NewRecorder(dir, limit*megabyte), os.MkdirAll(dir, 0o700)
}

package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/pprof"

	"github.com/urfave/cli/v3"

	"perfect-negotiation/negotiation"
	"perfect-negotiation/server/logs"
	"perfect-negotiation/server/metrics"
	"perfect-negotiation/server/relay"
)

// operateFlags are those for who runs the server.
func operateFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{
			Name: "log", Value: "text", Local: true, Sources: cli.EnvVars("PN_LOG"),
			Usage: "`how` to log: text, or json, with one line for each event",
		},
		&cli.StringFlag{
			Name: "log-level", Value: "info", Local: true, Sources: cli.EnvVars("PN_LOG_LEVEL"),
			Usage: "lowest `level` that is logged: debug, info, warn or error",
		},
		&cli.StringFlag{
			Name: "internal-addr", Local: true, Sources: cli.EnvVars("PN_INTERNAL_ADDR"),
			Usage: "`address` for /metrics (Prometheus) and /debug/pprof/, which nobody else must reach, like 127.0.0.1:9090 (default: none)",
		},
		&cli.IntFlag{
			Name: "returns-per-second", Value: 500, Local: true, Sources: cli.EnvVars("PN_RETURNS_PER_SECOND"),
			Usage: "`number` of clients a second that a shutdown tells to come back",
		},
	}
}

// operate reads the options of operateFlags into the configuration of the relay, and
// checks all.
func operate(c *cli.Command, config *relay.Config) error {
	var errs []error
	how := c.String("log")
	if how != "text" && how != "json" {
		errs = append(errs, fmt.Errorf("%w: --log must be text or json, not %q", errUsage, how))
	}
	var level slog.Level
	switch name := c.String("log-level"); name {
	case "debug", "info", "warn", "error":
		errs = append(errs, level.UnmarshalText([]byte(name)))
	default:
		errs = append(errs, fmt.Errorf("%w: --log-level must be debug, info, warn or error, not %q", errUsage, name))
	}
	config.Logger = logs.New(c.Root().ErrWriter, how == "json", level)
	if address := c.String("internal-addr"); address != "" {
		errs = append(errs, checkAddress("internal-addr", address))
	}
	if config.ReturnsPerSecond = c.Int("returns-per-second"); config.ReturnsPerSecond < 1 {
		errs = append(errs, fmt.Errorf("%w: --returns-per-second must be at least 1", errUsage))
	}
	return errors.Join(errs...)
}

// serveInternal serves what is for the operator alone, if --internal-addr says where,
// until the server that it returns is closed.
func serveInternal(ctx context.Context, c *cli.Command, of metrics.Sources, log *slog.Logger) (*http.Server, error) {
	address := c.String("internal-addr")
	if address == "" {
		return new(http.Server), nil
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", metrics.Handler(of, metrics.Build{Version: version(), Source: negotiation.Source[:8]}))
	mux.HandleFunc("/debug/pprof/", pprof.Index) // without cmdline, which may have a password in it
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w (choose another with --internal-addr)", address, err)
	}
	log.Info("serving metrics and profiles", "internal", listener.Addr().String())
	server := newServer(mux, log)
	go func() {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			log.Error("metrics and profiles are not served any more", "error", err)
		}
	}()
	return server, nil
}

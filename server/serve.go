package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/urfave/cli/v3"

	"perfect-negotiation/negotiation"
	"perfect-negotiation/negotiation/signaling"
	"perfect-negotiation/server/relay"
	"perfect-negotiation/web"
)

const shutdownTimeout = 5 * time.Second

func serveFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{
			Name: "addr", Value: ":8080", Local: true, Sources: cli.EnvVars("PN_ADDR"),
			Usage: "`address` to listen on",
		},
		&cli.StringSliceFlag{
			Name: "origin", Local: true, Sources: cli.EnvVars("PN_ORIGIN"),
			Usage: "further `origin` whose pages may connect, like https://example.org; * is any (repeatable)",
		},
		&cli.IntFlag{
			Name: "peers-per-room", Value: 8, Local: true, Sources: cli.EnvVars("PN_PEERS_PER_ROOM"),
			Usage: "largest `number` of peers in a room",
		},
		&cli.StringSliceFlag{
			Name: "ice-server", Local: true, Sources: cli.EnvVars("PN_ICE_SERVER"),
			Usage: "STUN or TURN `URL` that peers are told, like stun:stun.example.org:3478 (repeatable)",
		},
	}
}

func serve(ctx context.Context, c *cli.Command) error {
	if err := noArguments(c); err != nil {
		return err
	}
	if c.Int("peers-per-room") < 2 {
		return fmt.Errorf("%w: --peers-per-room must be at least 2", errUsage)
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	var servers []signaling.ICEServer
	if urls := c.StringSlice("ice-server"); len(urls) > 0 {
		servers = []signaling.ICEServer{{URLs: urls}}
	}
	r := relay.New(relay.Config{
		Origins:      c.StringSlice("origin"),
		PeersPerRoom: c.Int("peers-per-room"),
		ICEServers:   servers,
		Logger:       log,
	})
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", c.String("addr"))
	if err != nil {
		return fmt.Errorf("listen on %s: %w (choose another with --addr)", c.String("addr"), err)
	}
	server := &http.Server{
		Handler:           handler(r),
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	log.Info("serving", "page", pageURL(listener.Addr()), "demo", "/polite and /impolite", "source", negotiation.Source()[:8])
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	log.Info("shutting down")
	closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
	defer cancel()
	err = errors.Join(r.Shutdown(closing), server.Shutdown(closing))
	<-ended
	return err
}

// handler is the relay at /ws, what a load balancer asks, and the page.
func handler(r *relay.Relay) http.Handler {
	ok := func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok\n")) }
	mux := http.NewServeMux()
	mux.Handle("/ws", r)
	mux.HandleFunc("GET /healthz", ok)
	mux.HandleFunc("GET /readyz", ok)
	mux.Handle("/", web.Handler(negotiation.Source()))
	return mux
}

// pageURL is where a person on this machine finds the page.
func pageURL(addr net.Addr) string {
	tcp, ok := addr.(*net.TCPAddr)
	if !ok || tcp.IP.IsUnspecified() {
		_, port, _ := net.SplitHostPort(addr.String())
		return "http://localhost:" + port
	}
	return "http://" + addr.String()
}

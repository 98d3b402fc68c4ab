package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"slices"

	"github.com/urfave/cli/v3"

	"perfect-negotiation/server/cluster"
	"perfect-negotiation/server/turn"
)

// clusterFlags say how several servers serve the same rooms.
func clusterFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringSliceFlag{
			Name: "nats", Local: true, Sources: cli.EnvVars("PN_NATS"),
			Usage: "`URL` of a NATS server with JetStream, through which several servers serve the same rooms, like tls://nats.example.org:4222 (repeatable; default: this server serves alone)",
		},
		&cli.StringFlag{
			Name: "node", Local: true, Sources: cli.EnvVars("PN_NODE"),
			Usage: "`name` of this server among those, which no other has",
		},
		&cli.StringFlag{
			Name: "cluster-secret-file", Local: true, Sources: cli.EnvVars("PN_CLUSTER_SECRET_FILE"),
			Usage: "`file` with a secret that they have in common: NATS keeps fingerprints of rooms, not their names",
		},
		&cli.StringFlag{
			Name: "nats-credentials", Local: true, Sources: cli.EnvVars("PN_NATS_CREDENTIALS"),
			Usage: "`file` with credentials for NATS (default: those in the URL, if any)",
		},
		&cli.StringFlag{
			Name: "nats-ca", Local: true, Sources: cli.EnvVars("PN_NATS_CA"),
			Usage: "`file` with the certificate authorities of the NATS servers, in PEM; TLS is used then (default: the system's, if a URL begins with tls)",
		},
		&cli.StringFlag{
			Name: "nats-cert", Local: true, Sources: cli.EnvVars("PN_NATS_CERT"),
			Usage: "`file` with the certificate that this server shows to NATS, in PEM; needs --nats-key",
		},
		&cli.StringFlag{
			Name: "nats-key", Local: true, Sources: cli.EnvVars("PN_NATS_KEY"),
			Usage: "`file` with its key, in PEM",
		},
	}
}

// clustered reads and checks the options of clusterFlags; nil: the server serves alone.
func clustered(c *cli.Command, log *slog.Logger) (*cluster.Config, error) {
	config := &cluster.Config{
		URLs:        c.StringSlice("nats"),
		Name:        c.String("node"),
		Credentials: c.String("nats-credentials"),
		Logger:      log,
	}
	if len(config.URLs) == 0 {
		for _, name := range []string{"node", "cluster-secret-file", "nats-credentials", "nats-ca", "nats-cert", "nats-key"} {
			if c.String(name) != "" {
				return nil, fmt.Errorf("%w: --%s needs --nats", errUsage, name)
			}
		}
		return nil, nil
	}
	var errs []error
	wrong := func(format string, of ...any) {
		errs = append(errs, fmt.Errorf("%w: "+format, append([]any{errUsage}, of...)...))
	}
	for _, text := range config.URLs {
		if u, err := url.Parse(text); err != nil || !slices.Contains([]string{"nats", "tls", "ws", "wss"}, u.Scheme) || u.Host == "" {
			wrong("--nats must be a URL like nats://127.0.0.1:4222 or tls://nats.example.org:4222") // there may be a password in it
		}
	}
	if !cluster.ValidName(config.Name) {
		wrong("--nats needs --node, whose name %s, not %q", cluster.NameRule, config.Name)
	}
	if file := c.String("cluster-secret-file"); file == "" {
		wrong("--nats needs --cluster-secret-file")
	} else if secret, err := turn.ReadSecret(file); err != nil {
		wrong("--cluster-secret-file: %w", err)
	} else {
		config.Secret = secret
	}
	if config.Credentials != "" {
		if _, err := os.Stat(config.Credentials); err != nil {
			wrong("--nats-credentials: %w", err)
		}
	}
	var err error
	if config.TLS, err = natsTLS(c); err != nil {
		wrong("%w", err)
	}
	return config, errors.Join(errs...)
}

// natsTLS reads the files for TLS with NATS; nil: there are none.
func natsTLS(c *cli.Command) (*tls.Config, error) {
	ca, cert, key := c.String("nats-ca"), c.String("nats-cert"), c.String("nats-key")
	if ca == "" && cert == "" && key == "" {
		return nil, nil
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if ca != "" {
		pem, err := os.ReadFile(ca)
		if err != nil {
			return nil, fmt.Errorf("--nats-ca: %w", err)
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("--nats-ca: %s has no certificate in PEM", ca)
		}
	}
	if cert != "" || key != "" {
		pair, err := tls.LoadX509KeyPair(cert, key)
		if err != nil {
			return nil, fmt.Errorf("--nats-cert and --nats-key: %w", err)
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return config, nil
}

// connect makes this server a node of the cluster, if there is one.
func connect(ctx context.Context, config *cluster.Config) (*cluster.Node, error) {
	if config == nil {
		return nil, nil
	}
	node, err := cluster.Connect(ctx, *config)
	switch {
	case errors.Is(err, cluster.ErrNameTaken):
		return nil, fmt.Errorf("%w (choose another with --node)", err)
	case err != nil:
		return nil, fmt.Errorf("%w (see --nats)", err)
	}
	return node, nil
}

package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/urfave/cli/v3"

	"perfect-negotiation/server/certs"
	"perfect-negotiation/web"
)

// tlsFlags say how the server has a certificate. Without any it serves plain HTTP.
func tlsFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{
			Name: "tls-cert", Local: true, Sources: cli.EnvVars("PN_TLS_CERT"),
			Usage: "`file` with the certificate chain (PEM), read again when it changes; serves https",
		},
		&cli.StringFlag{
			Name: "tls-key", Local: true, Sources: cli.EnvVars("PN_TLS_KEY"),
			Usage: "`file` with the private key of --tls-cert (PEM)",
		},
		&cli.StringSliceFlag{
			Name: "autocert", Local: true, Sources: cli.EnvVars("PN_AUTOCERT"),
			Usage: "`host` to get a certificate for from Let's Encrypt, whose terms you agree to; it connects to port 443, so that must lead here (repeatable)",
		},
		&cli.StringFlag{
			Name: "autocert-directory", Local: true, Sources: cli.EnvVars("PN_AUTOCERT_DIRECTORY"),
			Usage: "`URL` of another authority that speaks ACME (RFC 8555)",
		},
		&cli.StringFlag{
			Name: "autocert-email", Local: true, Sources: cli.EnvVars("PN_AUTOCERT_EMAIL"),
			Usage: "`address` at which that authority reaches you",
		},
		&cli.BoolFlag{
			Name: "tls-self-signed", Local: true, Sources: cli.EnvVars("PN_TLS_SELF_SIGNED"),
			Usage: "serve https with a certificate of one's own, for a LAN: browsers warn once, and show the fingerprint that the log has",
		},
		&cli.StringFlag{
			Name: "tls-dir", Local: true, Sources: cli.EnvVars("PN_TLS_DIR"),
			Usage: "`directory` in which --autocert and --tls-self-signed keep keys and certificates (default: perfect-negotiation in your configuration directory)",
		},
		&cli.StringFlag{
			Name: "redirect-addr", Local: true, Sources: cli.EnvVars("PN_REDIRECT_ADDR"),
			Usage: "`address` at which plain HTTP is sent on to https, like :80 (default: none)",
		},
		&cli.DurationFlag{
			Name: "hsts", Local: true, Sources: cli.EnvVars("PN_HSTS"),
			Usage: "for how `long` browsers must use https for this host, like 8760h (default: not at all)",
		},
	}
}

// security is how the server serves https. Its zero value serves plain HTTP.
type security struct {
	config *tls.Config
	auto   *certs.Auto // nil: certificates are not fetched
	served *certs.Served
	hsts   time.Duration
}

// tlsSecurity reads and checks the options of tlsFlags.
func tlsSecurity(c *cli.Command, log *slog.Logger) (security, error) {
	cert, key, hosts, own := c.String("tls-cert"), c.String("tls-key"), c.StringSlice("autocert"), c.Bool("tls-self-signed")
	ways := 0
	for _, way := range []bool{cert != "" || key != "", len(hosts) > 0, own} {
		if way {
			ways++
		}
	}
	s := security{hsts: c.Duration("hsts"), served: new(certs.Served)}
	switch {
	case ways > 1:
		return s, fmt.Errorf("%w: of --tls-cert, --autocert and --tls-self-signed only one can be", errUsage)
	case (cert == "") != (key == ""):
		return s, fmt.Errorf("%w: --tls-cert and --tls-key need each other", errUsage)
	case ways == 0 && (s.hsts != 0 || c.String("redirect-addr") != ""):
		return s, fmt.Errorf("%w: --hsts and --redirect-addr need --tls-cert, --autocert or --tls-self-signed", errUsage)
	case s.hsts < 0 || s.hsts > 0 && s.hsts < time.Second:
		return s, fmt.Errorf("%w: --hsts must be at least 1s", errUsage)
	case len(hosts) == 0 && (c.String("autocert-directory") != "" || c.String("autocert-email") != ""):
		return s, fmt.Errorf("%w: --autocert-directory and --autocert-email need --autocert", errUsage)
	case ways == 0:
		return s, nil
	}
	if address := c.String("redirect-addr"); address != "" {
		if err := checkAddress("redirect-addr", address); err != nil {
			return s, err
		}
	}
	if cert != "" {
		files, err := certs.Load(cert, key, log)
		if err != nil {
			return s, fmt.Errorf("%w (see --tls-cert and --tls-key)", err)
		}
		s.config = &tls.Config{GetCertificate: files.Certificate}
		s.served.Watch(s.config)
		return s, nil
	}
	dir, err := tlsDir(c)
	if err != nil {
		return s, err
	}
	if own {
		certificate, err := certs.SelfSigned(dir)
		if err != nil {
			return s, fmt.Errorf("%w (see --tls-dir)", err)
		}
		log.Info("self-signed certificate", "fingerprint", certs.Fingerprint(certificate), "file", filepath.Join(dir, certs.SelfSignedFile),
			"names", certs.Names(certificate), "until", certificate.Leaf.NotAfter.Format(time.DateOnly))
		s.config = &tls.Config{Certificates: []tls.Certificate{certificate}}
		s.served.Watch(s.config)
		return s, nil
	}
	s.auto, err = certs.NewAuto(certs.AutoConfig{
		Hosts: hosts, Dir: dir, Directory: c.String("autocert-directory"), Email: c.String("autocert-email"),
	})
	if err != nil {
		return s, fmt.Errorf("%w: --autocert: %w", errUsage, err)
	}
	s.config = s.auto.TLSConfig()
	s.served.Watch(s.config)
	return s, nil
}

// tlsDir returns the directory for keys and certificates, and makes it.
func tlsDir(c *cli.Command) (string, error) {
	dir := c.String("tls-dir")
	if dir == "" {
		home, err := os.UserConfigDir()
		if err != nil {
			return "", fmt.Errorf("%w: there is no place for certificates: name one with --tls-dir (%w)", errUsage, err)
		}
		dir = filepath.Join(home, "perfect-negotiation")
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("make a directory for certificates: %w (see --tls-dir)", err)
	}
	return dir, nil
}

// scheme is that of the server's address.
func (s security) scheme() string {
	if s.config != nil {
		return "https"
	}
	return "http"
}

// serve runs a server until it is closed.
func (s security) serve(server *http.Server, listener net.Listener) error {
	if s.config == nil {
		return server.Serve(listener)
	}
	server.TLSConfig = s.config
	return server.ServeTLS(listener, "", "")
}

// strict returns a handler that has browsers use https from now on, if --hsts says for
// how long. RFC 6797, section 7.
func (s security) strict(next http.Handler) http.Handler {
	if s.hsts == 0 {
		return next
	}
	value := fmt.Sprintf("max-age=%d", int(s.hsts.Seconds()))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Strict-Transport-Security", value)
		next.ServeHTTP(w, r)
	})
}

// toHTTPS returns a handler that sends plain HTTP on to https at the same host: at the
// usual port if the request came to the usual one, else at this port.
func toHTTPS(port string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host := r.Host
		if name, _, err := net.SplitHostPort(host); err == nil {
			host = net.JoinHostPort(name, port)
		}
		http.Redirect(w, r, "https://"+host+r.URL.RequestURI(), http.StatusTemporaryRedirect)
	})
}

// redirect sends plain HTTP on to https, if --redirect-addr says where it comes in, until
// the server that it returns is closed. visitors is told of its connections, as of those
// to the page.
func (s security) redirect(ctx context.Context, c *cli.Command, page net.Addr, visitors func(net.Conn, http.ConnState), log *slog.Logger) (*http.Server, error) {
	address := c.String("redirect-addr")
	if address == "" {
		return new(http.Server), nil
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w (choose another with --redirect-addr)", address, err)
	}
	log.Info("sending plain HTTP on", "redirect", listener.Addr().String())
	_, port, _ := net.SplitHostPort(page.String())
	handler := toHTTPS(port)
	if s.auto != nil {
		handler = s.auto.Challenges(handler)
	}
	server := newServer(web.Secure(handler), log)
	server.ConnState = visitors
	go func() {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			log.Error("plain HTTP is not sent on any more", "error", err)
		}
	}()
	return server, nil
}

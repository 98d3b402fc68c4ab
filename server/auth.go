package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/urfave/cli/v3"

	"perfect-negotiation/negotiation/signaling/wire"
	"perfect-negotiation/server/relay"
	"perfect-negotiation/server/site"
	"perfect-negotiation/server/token"
)

// tokenVariable holds the token of a native peer, which must not stand on a command
// line, where all on the machine can read it.
const tokenVariable = "PN_TOKEN"

// authFlags say who gets in.
func authFlags() []cli.Flag {
	return append(secretFlags(), &cli.BoolFlag{
		Name: "no-demo", Local: true, Sources: cli.EnvVars("PN_NO_DEMO"),
		Usage: "have no room demo, whose name everybody knows, and no pages /polite and /impolite",
	})
}

// secretFlags are those that serve and token share.
func secretFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{
			Name: "auth-secret-file", Local: true, Sources: cli.EnvVars("PN_AUTH_SECRET_FILE"),
			Usage: "`file` with the secret that signs room tokens: a line of 32 bytes or more, and maybe a second one with the secret before; a server that has it lets in only who has a token",
		},
		&cli.StringFlag{
			Name: "auth-audience", Value: token.Audience, Local: true, Sources: cli.EnvVars("PN_AUTH_AUDIENCE"),
			Usage: "`name` of this server in tokens (aud), if others share its secret",
		},
	}
}

// admit reads the options of authFlags into the configuration of the relay, which has
// its logger, and checks them.
func admit(c *cli.Command, config *relay.Config) error {
	if err := checkAudience(c); err != nil {
		return err
	}
	verifier, err := verifier(c, config.Logger)
	if err != nil {
		return err
	}
	if verifier != nil || c.Bool("no-demo") {
		config.Admit = admission(verifier, c.Bool("no-demo"))
	}
	return nil
}

// verifier reads --auth-secret-file; nil: it is not given.
func verifier(c *cli.Command, log *slog.Logger) (*token.Verifier, error) {
	if c.String("auth-secret-file") == "" {
		return nil, nil
	}
	secrets, err := token.Load(c.String("auth-secret-file"), log)
	if err != nil {
		return nil, fmt.Errorf("%w: --auth-secret-file: %w", errUsage, err)
	}
	return token.NewVerifier(secrets, c.String("auth-audience")), nil
}

func checkAudience(c *cli.Command) error {
	if c.String("auth-audience") == "" {
		return fmt.Errorf("%w: --auth-audience must not be empty", errUsage)
	}
	return nil
}

// admission returns what lets clients into the relay: with a verifier, whoever has a
// token, with the role that it gives, and later whoever has a ticket for that.
func admission(v *token.Verifier, noDemo bool) func(context.Context, *http.Request, relay.Candidate) (relay.Grant, error) {
	return func(_ context.Context, req *http.Request, c relay.Candidate) (relay.Grant, error) {
		if noDemo && c.Room == demoRoom {
			return relay.Grant{}, &wire.Error{Code: wire.CodeBadRoom, Message: "there is no room demo here: make a room of your own"}
		}
		if v == nil {
			return relay.Grant{Role: c.Role}, nil
		}
		text, err := relay.Token(req)
		if err == nil {
			var claims token.Claims
			if claims, err = v.Verify(text, c.Room, c.ID); err == nil {
				ticket, err := v.Ticket(claims, c.ID)
				return relay.Grant{Role: claims.Role, Ticket: ticket}, err
			}
		}
		if claims, ok := v.Return(relay.Ticket(req), c.Room, c.ID); ok {
			return relay.Grant{Role: claims.Role}, nil
		}
		return relay.Grant{}, err
	}
}

func tokenFlags() []cli.Flag {
	return append([]cli.Flag{
		&cli.StringFlag{
			Name: "room", Sources: cli.EnvVars("PN_ROOM"),
			Usage: "`name` of the room that it lets into",
		},
		&cli.StringFlag{
			Name: "role", Sources: cli.EnvVars("PN_ROLE"),
			Usage: "`role` that it gives, polite or impolite, in a room of two (default: none; the peers agree on it)",
		},
		&cli.StringFlag{
			Name: "id", Sources: cli.EnvVars("PN_ID"),
			Usage: "`id` of the only peer that may show it, the fingerprint of its key (default: anybody)",
		},
		&cli.DurationFlag{
			Name: "ttl", Value: time.Hour, Sources: cli.EnvVars("PN_TTL"),
			Usage: "how `long` it lets in; who is in stays, and may come back for a day",
		},
		&cli.StringFlag{
			Name: "public-url", Value: "http://localhost:8080/", Sources: cli.EnvVars("PN_PUBLIC_URL"),
			Usage: "`URL` at which people reach the server, for the link",
		},
	}, secretFlags()...)
}

// peerID is the form of a peer's id.
var peerID = regexp.MustCompile(`^[a-z2-7]{16}$`)

// runToken prints a token, and a link with it.
func runToken(_ context.Context, c *cli.Command) error {
	room, role, id, ttl := c.String("room"), wire.Role(c.String("role")), c.String("id"), c.Duration("ttl")
	errs := []error{noArguments(c), checkIdentity(room, role, ""), checkAudience(c)}
	if id != "" && !peerID.MatchString(id) {
		errs = append(errs, fmt.Errorf("%w: --id must have 16 characters of a-z 2-7, not %q", errUsage, id))
	}
	if ttl < time.Second {
		errs = append(errs, fmt.Errorf("%w: --ttl must be at least 1s", errUsage))
	}
	if c.String("auth-secret-file") == "" {
		errs = append(errs, fmt.Errorf("%w: --auth-secret-file must name that of the server", errUsage))
	}
	base, err := site.ParsePublic(c.String("public-url"))
	if err != nil {
		errs = append(errs, fmt.Errorf("%w: --public-url %w", errUsage, err))
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	secrets, err := token.Load(c.String("auth-secret-file"), slog.New(slog.DiscardHandler))
	if err != nil {
		return fmt.Errorf("%w: --auth-secret-file: %w", errUsage, err)
	}
	text, err := secrets.Issue(token.Claims{
		Room: room, Role: role, ID: id,
		Audience: c.String("auth-audience"), Expires: time.Now().Add(ttl),
	})
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(c.Root().Writer, "%s\n%s\n", text, link(base, room, role, text))
	return err
}

// link returns the address of the page of a room. The token stands where browsers keep
// it to themselves. In room demo, the pages of the roles ask for them.
func link(base *url.URL, room string, role wire.Role, token string) string {
	path := "r/" + url.PathEscape(room)
	if room == demoRoom && role != "" {
		path = string(role)
	}
	return base.String() + path + "#token=" + token
}

// peerToken returns the Token of a native peer: the first line of a file, which is read
// at each connect, or what the variable PN_TOKEN holds; nil: there is neither.
func peerToken(file string) (func(context.Context) (string, error), error) {
	text := os.Getenv(tokenVariable)
	read := func(context.Context) (string, error) { return text, nil }
	switch {
	case file != "":
		read = func(context.Context) (string, error) {
			content, err := os.ReadFile(file)
			first, _, _ := strings.Cut(string(content), "\n")
			return strings.TrimSpace(first), err
		}
		text, err := read(context.Background())
		if err == nil && !wire.ValidToken(text) {
			err = errors.New("the token in its first line " + wire.TokenRule)
		}
		if err != nil {
			return nil, fmt.Errorf("%w: --token-file: %w", errUsage, err)
		}
	case text == "":
		return nil, nil
	case !wire.ValidToken(text):
		return nil, fmt.Errorf("%w: the token in "+tokenVariable+" "+wire.TokenRule, errUsage)
	}
	return read, nil
}

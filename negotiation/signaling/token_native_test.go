//go:build !js

package signaling_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"perfect-negotiation/negotiation/signaling"
	"perfect-negotiation/negotiation/signaling/wire"
	"perfect-negotiation/server/relay"
)

// gate is an Admit that lets in whoever shows the token good.
func gate(_ context.Context, req *http.Request, _ relay.Candidate) (relay.Grant, error) {
	switch token, err := relay.Token(req); {
	case err != nil:
		return relay.Grant{}, err
	case token == "good":
		return relay.Grant{}, nil
	case strings.HasPrefix(token, "old"):
		return relay.Grant{}, &wire.Error{Code: wire.CodeTokenExpired, Message: "it has expired"}
	default:
		return relay.Grant{}, &wire.Error{Code: wire.CodeBadToken, Message: "it is not one of ours"}
	}
}

// tokens is a Token that returns one after the other, and the last one for ever.
func tokens(list ...string) func(context.Context) (string, error) {
	var n atomic.Int32
	return func(context.Context) (string, error) {
		return list[min(int(n.Add(1)), len(list))-1], nil
	}
}

func ended(n told) bool { return n.final }

// A token is shown at every connect, and asked for anew each time.
func TestToken(t *testing.T) {
	var calls atomic.Int32
	url, l := serve(t, relay.Config{Admit: gate})
	_, news := connect(t, signaling.Options{Server: url, Room: "r", Token: func(ctx context.Context) (string, error) {
		if _, bounded := ctx.Deadline(); !bounded {
			t.Error("it may take for ever")
		}
		calls.Add(1)
		return "good", nil
	}}, nil)
	await(t, "it is in", news, welcomed)
	l.cut()
	await(t, "it is in again", news, welcomed)
	if n := calls.Load(); n != 2 {
		t.Errorf("it was asked for %d times", n)
	}
}

// Where a token has expired, the next one is shown.
func TestTokenIsRenewed(t *testing.T) {
	url, _ := serve(t, relay.Config{Admit: gate})
	_, news := connect(t, signaling.Options{Server: url, Room: "r", Token: tokens("old.1", "old.2", "good")}, nil)
	for range 2 {
		if n := await(t, "it is told", news, func(n told) bool { return n.err != nil }); n.final || !isError(n.err, wire.CodeTokenExpired) {
			t.Fatalf("it is told %+v", n)
		}
	}
	await(t, "it is in", news, welcomed)
}

// Who has only a token that has expired, or a wrong one, or none, is told so for good.
func TestTokenInVain(t *testing.T) {
	for name, row := range map[string]struct {
		token func(context.Context) (string, error)
		code  string
	}{
		"none":            {nil, wire.CodeBadToken},
		"an empty one":    {tokens(""), wire.CodeBadToken},
		"a wrong one":     {tokens("wrong"), wire.CodeBadToken},
		"an expired one":  {tokens("old"), wire.CodeTokenExpired},
		"two expired":     {tokens("old.1", "old.2"), wire.CodeTokenExpired},
		"wrong, then old": {tokens("old", "wrong"), wire.CodeBadToken},
	} {
		t.Run(name, func(t *testing.T) {
			url, _ := serve(t, relay.Config{Admit: gate})
			c, news := connect(t, signaling.Options{Server: url, Room: "r", Token: row.token}, nil)
			if n := await(t, "it ends", news, ended); !isError(n.err, row.code) {
				t.Errorf("it is told %+v", n)
			}
			<-c.Done()
		})
	}
}

// A member whose token has expired meanwhile goes on trying: its calls may go on, and it
// may get another token.
func TestTokenOfAMember(t *testing.T) {
	url, l := serve(t, relay.Config{Admit: gate})
	var token atomic.Value
	token.Store("good")
	_, news := connect(t, signaling.Options{Server: url, Room: "r", Token: func(context.Context) (string, error) {
		return token.Load().(string), nil
	}}, func() { token.CompareAndSwap("good", "old") })
	await(t, "it is in", news, welcomed)
	l.cut()
	for range 2 {
		n := await(t, "it is told", news, func(n told) bool { return isError(n.err, wire.CodeTokenExpired) })
		if n.final {
			t.Fatal("it gives up")
		}
	}
	token.Store("good")
	await(t, "it is in again", news, welcomed)
}

// A ticket is shown at every connect once the relay has given one, and the program hears
// of it, so that it can show it in its next life.
func TestTicket(t *testing.T) {
	shown := make(chan string, 10)
	url, l := serve(t, relay.Config{Admit: func(_ context.Context, req *http.Request, _ relay.Candidate) (relay.Grant, error) {
		ticket := relay.Ticket(req)
		shown <- ticket
		return relay.Grant{Ticket: map[string]string{"": "first", "first": "second", "second": "no, ticket", "own": ""}[ticket]}, nil
	}})
	kept := make(chan string, 10)
	options := signaling.Options{Server: url, Room: "r", OnTicket: func(ticket string) { kept <- ticket }}
	_, news := connect(t, options, nil)
	for _, ticket := range []string{"", "first", "second", "second"} {
		await(t, "it is in", news, welcomed)
		if got := <-shown; got != ticket {
			t.Errorf("it shows %q, not %q", got, ticket)
		}
		l.cut()
	}
	for _, ticket := range []string{"first", "second"} {
		if got := <-kept; got != ticket {
			t.Errorf("it hears of %q, not %q", got, ticket)
		}
	}

	again := make(chan string, 10)
	url, l = serve(t, relay.Config{Admit: func(_ context.Context, req *http.Request, _ relay.Candidate) (relay.Grant, error) {
		again <- relay.Ticket(req)
		return relay.Grant{}, nil
	}})
	_, news = connect(t, signaling.Options{Server: url, Room: "r", Ticket: "own"}, nil)
	for range 2 {
		await(t, "it is in", news, welcomed)
		if got := <-again; got != "own" {
			t.Errorf("it shows %q", got)
		}
		l.cut()
	}
}

// If there is no token for the moment, or one that cannot be shown, the program hears of
// it, without the token, and it is asked for again.
func TestTokenFails(t *testing.T) {
	errRefused := errors.New("the issuer is away")
	url, _ := serve(t, relay.Config{Admit: gate})
	var calls atomic.Int32
	_, news := connect(t, signaling.Options{Server: url, Room: "r", Token: func(context.Context) (string, error) {
		switch calls.Add(1) {
		case 1:
			return "", errRefused
		case 2:
			return "a secret, pn.key.x", nil
		default:
			return "good", nil
		}
	}}, nil)
	first := await(t, "it is told", news, func(told) bool { return true })
	if first.final || !errors.Is(first.err, errRefused) {
		t.Errorf("it is told %+v", first)
	}
	second := await(t, "it is told", news, func(told) bool { return true })
	if second.final || second.err == nil || !strings.Contains(second.err.Error(), wire.TokenRule) || strings.Contains(second.err.Error(), "secret") {
		t.Errorf("it is told %+v", second)
	}
	await(t, "it is in", news, welcomed)
}

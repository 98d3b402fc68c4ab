//go:build !js

package peer_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"perfect-negotiation/negotiation/peer"
	"perfect-negotiation/negotiation/signaling"
	"perfect-negotiation/negotiation/signaling/wire"
	"perfect-negotiation/negotiation/trace"
	"perfect-negotiation/server/relay"
)

// A peer that asks for no role has the one that its token gives, and so have the others
// for it: two native peers would otherwise agree on roles by their ids.
func TestRoleOfAToken(t *testing.T) {
	r := relay.New(relay.Config{Admit: func(_ context.Context, req *http.Request, _ relay.Candidate) (relay.Grant, error) {
		token, err := relay.Token(req)
		return relay.Grant{Role: wire.Role(token)}, err
	}})
	server := httptest.NewServer(r)
	defer server.Close()
	defer func() { _ = r.Shutdown(context.Background()) }()
	opposite := map[wire.Role]wire.Role{wire.Polite: wire.Impolite, wire.Impolite: wire.Polite}
	for role := range opposite { // for one of them the ids say something else
		join := func(key string, token string) (*peer.Peer, <-chan wire.Role) {
			t.Helper()
			roles := make(chan wire.Role, 1)
			p, err := peer.Join(t.Context(), peer.Config{
				Options: signaling.Options{
					Server: server.URL, Room: string(role), Key: strings.Repeat(key, wire.MinKey),
					Token: func(context.Context) (string, error) { return token, nil },
				},
				Trace: func(e trace.Event) {
					if e.Kind == trace.Paired {
						roles <- e.Role
					}
				},
			})
			if err != nil {
				t.Fatal(err)
			}
			return p, roles
		}
		a, roleOfA := join("a", string(role))
		b, roleOfB := join("b", "")
		if got := <-roleOfA; got != role {
			t.Errorf("it is %s, and its token says %s", got, role)
		}
		if got := <-roleOfB; got != opposite[role] {
			t.Errorf("the other one is %s as well", got)
		}
		a.Close()
		b.Close()
		<-a.Done()
		<-b.Done()
	}
}

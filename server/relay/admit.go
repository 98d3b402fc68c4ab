package relay

import (
	"context"
	"errors"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/gorilla/websocket"

	"perfect-negotiation/negotiation/signaling/wire"
)

// admitTimeout is how long [Config].Admit may take.
const admitTimeout = 5 * time.Second

// Candidate is a client that wants to enter a room.
type Candidate struct {
	Room string
	Role wire.Role // that it asks for; empty: none
	ID   string    // fingerprint of its key, or of a fresh one if it has none
}

// Grant is what a client has that is let in. Zero stands for what the [Config] has, but
// for the role.
type Grant struct {
	// Role is the role of the client, which it is told in its welcome. Empty: it has
	// none, so it cannot keep a third peer out of the room. A client that asks for a
	// role and would get another one, or none, is refused with bad-role, because it may
	// be a program that does not read its welcome. To give each client the role that it
	// asks for, return that of the Candidate.
	Role wire.Role

	// PeersPerRoom is how many peers the room may hold when the client is in.
	PeersPerRoom int
	// BytesPerSecond is the speed of the client, see [Config].BytesPerSecond.
	BytesPerSecond int

	// ICEServers are sent to the client in its welcome. ICEServersFor, if set, takes
	// their place: it is like that of the Config, so the client is sent fresh ones in
	// time. Both nil: those of the Config.
	ICEServers    []wire.ICEServer
	ICEServersFor func(id string) (servers []wire.ICEServer, expires time.Time)

	// Ticket is sent to the client in its welcome, and shown by it when it comes back,
	// see [Ticket]. It must obey [wire.TokenRule]. Empty: the client keeps the one that
	// it has.
	Ticket string
}

func (g Grant) withDefaults(c *Config) Grant {
	if g.PeersPerRoom <= 0 {
		g.PeersPerRoom = c.PeersPerRoom
	}
	if g.BytesPerSecond <= 0 {
		g.BytesPerSecond = c.BytesPerSecond
	}
	return g
}

// Token returns the token that a client shows with its request for a WebSocket, as the
// subprotocol pn.token.T; empty: none. The error, if it shows something else or more
// than one, is for the client.
func Token(req *http.Request) (string, error) {
	token := ""
	for _, p := range websocket.Subprotocols(req) {
		t, ok := strings.CutPrefix(p, wire.TokenPrefix)
		if !ok {
			continue
		}
		if token != "" || !wire.ValidToken(t) {
			return "", &wire.Error{Code: wire.CodeBadToken, Message: "the subprotocol pn.token.T must come once at most, and T " + wire.TokenRule}
		}
		token = t
	}
	return token, nil
}

// Ticket returns the ticket that a client shows with its request, which says that it was
// in a room, or may have been made up; empty: none. It is the [Grant].Ticket of its last
// welcome that had one.
func Ticket(req *http.Request) string {
	for _, p := range websocket.Subprotocols(req) {
		if ticket, ok := strings.CutPrefix(p, wire.TicketPrefix); ok && wire.ValidToken(ticket) {
			return ticket
		}
	}
	return ""
}

// verdict is what Config.Admit says.
type verdict struct {
	grant Grant
	err   error
}

// errUnknown is the verdict if there is none.
var errUnknown = errBusy("the relay cannot tell now whether you may enter: try again in a moment")

// admit asks Config.Admit about a client, and gives the request what that grants. It
// returns why the client may not come in, or nil.
func (r *Relay) admit(req *http.Request, j *joinRequest) *wire.Error {
	v := verdict{grant: Grant{Role: j.member.Role}}
	if r.config.Admit != nil {
		v = r.verdict(req, Candidate{Room: j.room, Role: j.member.Role, ID: j.member.ID})
	}
	var refused *wire.Error
	switch {
	case errors.As(v.err, &refused) && wire.CloseCode(refused.Code) != 0:
		return refused
	case v.err != nil:
		return errForbidden
	case !wire.ValidRole(v.grant.Role):
		r.config.Logger.Error("Config.Admit grants a role that does not exist")
		return errForbidden
	case j.member.Role != "" && j.member.Role != v.grant.Role:
		return errNotYours
	}
	j.member.Role = v.grant.Role
	j.grant = v.grant.withDefaults(&r.config)
	return nil
}

// verdict calls Config.Admit, and waits as long as that may take.
func (r *Relay) verdict(req *http.Request, c Candidate) verdict {
	ctx, cancel := context.WithTimeout(req.Context(), admitTimeout)
	defer cancel()
	said := make(chan verdict, 1)
	req = withoutKey(req.Clone(ctx))
	go func() {
		v := verdict{err: errUnknown} // should Admit never return
		defer func() {
			if recover() != nil { // with what may be secret
				r.config.Logger.Error("Config.Admit panicked", "stack", string(debug.Stack()))
			}
			said <- v
		}()
		grant, err := r.config.Admit(ctx, req, c)
		v = verdict{grant, err}
	}()
	select {
	case v := <-said:
		return v
	case <-ctx.Done():
	case <-r.stop:
	}
	r.occupy(1)
	go func() {
		<-said
		r.occupy(-1)
	}()
	return verdict{err: errUnknown}
}

// occupy counts n connections more.
func (r *Relay) occupy(n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.entered += n
}

// withoutKey takes the client's key out of a request of our own, and what is left to
// read of it.
func withoutKey(req *http.Request) *http.Request {
	protocols := slices.DeleteFunc(websocket.Subprotocols(req), func(p string) bool { return strings.HasPrefix(p, wire.KeyPrefix) })
	req.Header.Set("Sec-WebSocket-Protocol", strings.Join(protocols, ", "))
	req.Body = http.NoBody
	return req
}

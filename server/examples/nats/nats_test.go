package nats

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"go.uber.org/goleak"

	"perfect-negotiation/negotiation/signaling"
	"perfect-negotiation/negotiation/signaling/identity"
	"perfect-negotiation/negotiation/signaling/transporttest"
	"perfect-negotiation/negotiation/signaling/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fingerprints lets each client in under the id of its key, and no other.
type fingerprints struct{}

// Check implements [server.Authentication].
func (fingerprints) Check(c server.ClientAuthentication) bool {
	o := c.GetOpts()
	if !wire.ValidKey(o.Password) || o.Username != identity.Of(o.Password) {
		return false
	}
	publish, subscribe := Permissions(o.Username)
	c.RegisterUser(&server.User{Username: o.Username, Permissions: &server.Permissions{
		Publish:   &server.SubjectPermission{Allow: publish},
		Subscribe: &server.SubjectPermission{Allow: subscribe},
	}})
	return true
}

func serve(t *testing.T) *server.Server {
	t.Helper()
	s, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, NoSigs: true, NoLog: true, CustomClientAuthentication: fingerprints{}})
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(func() {
		s.Shutdown()
		s.WaitForShutdown()
	})
	if !s.ReadyForConnections(10 * time.Second) {
		t.Fatal("the server does not start")
	}
	return s
}

func TestTransport(t *testing.T) {
	s := serve(t)
	err := transporttest.TestTransport(func() signaling.Dialer {
		return func(ctx context.Context, o signaling.Options, h signaling.Handler) (signaling.Transport, error) {
			o.Server = s.ClientURL()
			return Dial(ctx, o, h)
		}
	})
	if err != nil {
		t.Error(err)
	}
}

// Nobody can speak under the id of another, or enter with it.
func TestForgery(t *testing.T) {
	s := serve(t)
	key, victim := signaling.NewKey(), identity.Of(signaling.NewKey())
	if nc, err := nats.Connect(s.ClientURL(), nats.UserInfo(victim, key)); !errors.Is(err, nats.ErrAuthorization) {
		nc.Close()
		t.Errorf("it enters under another id: %v", err)
	}
	refused := make(chan error, 10)
	nc, err := nats.Connect(s.ClientURL(), nats.UserInfo(identity.Of(key), key), nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { refused <- err }))
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	for _, forged := range []string{subject("inn", "here", victim), subject("inn", "gone", victim), subject("inn", "to", "somebody", victim)} {
		if err := nc.Publish(forged, []byte("{}")); err != nil {
			t.Fatal(err)
		}
		select {
		case err := <-refused:
			if !errors.Is(err, nats.ErrPermissionViolation) {
				t.Errorf("%v", err)
			}
		case <-time.After(10 * time.Second):
			t.Errorf("it may publish to %s", forged)
		}
	}
	if _, err := nc.Subscribe(subject("inn", "to", victim, "*"), func(*nats.Msg) {}); err != nil {
		t.Fatal(err)
	}
	select {
	case <-refused:
	case <-time.After(10 * time.Second):
		t.Error("it may hear what is said to another")
	}
}

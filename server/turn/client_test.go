package turn

import (
	"crypto/tls"
	"encoding/binary"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"testing"
	"time"

	"github.com/pion/stun/v4"
	"github.com/pion/turn/v5"
)

// patience is how long a test waits for what must come.
const patience = 20 * time.Second

var loopback = netip.MustParseAddr("127.0.0.1")

// serve returns a server on loopback.
func serve(t testing.TB, config Config) *Server {
	t.Helper()
	if config.PublicIPs == nil {
		config.Address, config.PublicIPs = "127.0.0.1:0", []netip.Addr{loopback}
	}
	if config.Secret == nil {
		config.Secret = NewSecret()
	}
	if config.Logger == nil {
		config.Logger = slog.New(slog.NewTextHandler(t.Output(), nil))
	}
	s, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func (s *Server) address() string { return s.listener.Addr().String() }

// await waits until ok. There is no event for what pion does by itself.
func await(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("never: ", what)
		}
	}
}

// allocate has a client of pion's make an allocation, over "udp", "tcp" or "tls".
func (s *Server) allocate(t testing.TB, over, id string, expires time.Time) (*turn.Client, net.PacketConn, error) {
	t.Helper()
	var conn net.PacketConn
	var err error
	switch over {
	case "udp":
		host, _, _ := net.SplitHostPort(s.address())
		conn, err = net.ListenPacket("udp", net.JoinHostPort(host, "0"))
	default:
		var stream net.Conn
		if stream, err = net.Dial("tcp", s.address()); err == nil {
			if over == "tls" {
				stream = tls.Client(stream, &tls.Config{InsecureSkipVerify: true})
			}
			conn = turn.NewSTUNConn(stream)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	name, password := s.config.Secret.Credentials(id, expires)
	c, err := turn.NewClient(&turn.ClientConfig{
		STUNServerAddr: s.address(), TURNServerAddr: s.address(), Conn: conn,
		Username: name, Password: password, Realm: realm,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.Close()
		_ = conn.Close()
	})
	if err := c.Listen(); err != nil {
		t.Fatal(err)
	}
	relay, err := c.Allocate()
	if err == nil {
		_ = relay.SetReadDeadline(time.Now().Add(patience)) // never fails
		t.Cleanup(func() { _ = relay.Close() })
	}
	return c, relay, err
}

// must is allocate with credentials that are good.
func (s *Server) must(t testing.TB, over, id string) (*turn.Client, net.PacketConn) {
	t.Helper()
	c, relay, err := s.allocate(t, over, id, time.Now().Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	return c, relay
}

// asker sends requests of its own making.
type asker struct {
	t              *testing.T
	conn           net.Conn
	name, password string
	nonce          stun.Nonce
}

// ask returns a client that is just a socket.
func (s *Server) ask(t *testing.T, id string) *asker {
	t.Helper()
	conn, err := net.Dial("udp", s.address())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	a := &asker{t: t, conn: conn}
	a.name, a.password = s.config.Secret.Credentials(id, time.Now().Add(time.Hour))
	return a
}

// request sends a request and returns the code of the answer, 0 if it is a success.
func (a *asker) request(method stun.Method, attributes ...stun.Setter) int {
	a.t.Helper()
	if a.nonce == nil {
		answer := a.exchange(stun.NewType(method, stun.ClassRequest))
		if err := a.nonce.GetFrom(answer); err != nil {
			a.t.Fatal(err)
		}
	}
	attributes = append([]stun.Setter{stun.NewType(method, stun.ClassRequest)}, attributes...)
	attributes = append(attributes, stun.NewUsername(a.name), stun.NewRealm(realm), a.nonce,
		stun.NewLongTermIntegrity(a.name, realm, a.password))
	answer := a.exchange(attributes...)
	var code stun.ErrorCodeAttribute
	if code.GetFrom(answer) != nil {
		return 0
	}
	return int(code.Code)
}

func (a *asker) exchange(attributes ...stun.Setter) *stun.Message {
	a.t.Helper()
	m, err := stun.Build(append([]stun.Setter{stun.TransactionID}, attributes...)...)
	if err != nil {
		a.t.Fatal(err)
	}
	buffer := make([]byte, maxPacket)
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); { // RFC 8489, section 6.2.1
		if _, err := a.conn.Write(m.Raw); err != nil {
			a.t.Fatal(err)
		}
		_ = a.conn.SetReadDeadline(time.Now().Add(500 * time.Millisecond)) // never fails
		for {
			n, err := a.conn.Read(buffer)
			if errors.Is(err, os.ErrDeadlineExceeded) {
				break
			}
			if err != nil {
				a.t.Fatal(err)
			}
			answer := &stun.Message{Raw: buffer[:n]}
			if err := answer.Decode(); err != nil {
				a.t.Fatal(err)
			}
			if answer.TransactionID == m.TransactionID {
				return answer
			}
		}
	}
	a.t.Fatal("there is no answer")
	return nil
}

// transport asks for an allocation over UDP (17) or TCP (6).
func transport(protocol byte) stun.Setter {
	return stun.RawAttribute{Type: stun.AttrRequestedTransport, Value: []byte{protocol, 0, 0, 0}}
}

// peerAt is the address of a peer.
type peerAt string

// AddTo implements [stun.Setter]. Addresses of IPv4 that are written as IPv6 go as IPv6.
func (p peerAt) AddTo(m *stun.Message) error {
	at := netip.MustParseAddrPort(string(p))
	value := []byte{0, 1}
	if at.Addr().Is6() {
		value[1] = 2
	}
	const cookie = 0x2112A442
	value = binary.BigEndian.AppendUint16(value, at.Port()^cookie>>16)
	mask := append(binary.BigEndian.AppendUint32(nil, cookie), m.TransactionID[:]...)
	for i, b := range at.Addr().AsSlice() {
		value = append(value, b^mask[i])
	}
	m.Add(stun.AttrXORPeerAddress, value)
	return nil
}

// channel is the number of a channel, from 0.
func channel(n int) stun.Setter {
	return stun.RawAttribute{Type: stun.AttrChannelNumber, Value: []byte{0x40 + byte(n>>8), byte(n), 0, 0}}
}

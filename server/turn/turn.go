package turn

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/pion/logging"
	"github.com/pion/stun/v4"
	"github.com/pion/turn/v5"
)

const (
	realm     = "perfect-negotiation"
	maxPacket = 1600 // bytes, as pion reads them
	maxPeers  = 256  // that one allocation may have permissions for, and as many channels
	sweepEach = 30 * time.Second

	socketBuffer = 2 << 20 // bytes that may wait at the socket for all clients over UDP
)

// Defaults of a [Config].
const (
	DefaultMinPort = 49152 // the first of the dynamic ports
	DefaultMaxPort = 50175

	DefaultAllocationsPerID      = 64
	DefaultAllocationsPerAddress = 256
	DefaultAllocations           = 1000

	DefaultBytesPerID      = 1 << 20
	DefaultBytesPerAddress = 4 << 20
	DefaultBytes           = 32 << 20
)

// Config of a [Server]. Zero stands for the default, where one is named.
type Config struct {
	// Address to listen on for clients, over UDP and TCP, as "host:port".
	Address string
	// PublicIPs are the addresses at which clients and peers reach this machine: one of
	// IPv4, one of IPv6, or both.
	PublicIPs []netip.Addr
	// MinPort and MaxPort are the range of ports for allocations, one each. Default 49152
	// to 50175.
	MinPort, MaxPort uint16
	// Secret checks the credentials.
	Secret Secret
	// TLS is for clients that come over TLS, at the same port. Nil: none may.
	TLS *tls.Config

	// What one id, one address (in IPv6 a /64), and all clients have. A client with a
	// browser has an allocation for each of its networks and URLs, in each of its
	// connections. Defaults: 64, 256 and 1000 allocations, 1, 4 and 32 MB a second.
	PerID, PerAddress, InAll Limit

	// AllocationLifetime is how long an allocation lasts that is not refreshed. Default 10
	// minutes (RFC 8656, section 3.2).
	AllocationLifetime time.Duration

	// Logger gets the events that operators want to know. Default: none is logged.
	Logger *slog.Logger

	idle time.Duration // of a connection without an allocation; default 30 s, twice at most
}

func (c Config) withDefaults() Config {
	if c.MinPort == 0 && c.MaxPort == 0 {
		c.MinPort, c.MaxPort = DefaultMinPort, DefaultMaxPort
	}
	c.PerID = c.PerID.or(Limit{DefaultAllocationsPerID, DefaultBytesPerID})
	c.PerAddress = c.PerAddress.or(Limit{DefaultAllocationsPerAddress, DefaultBytesPerAddress})
	c.InAll = c.InAll.or(Limit{DefaultAllocations, DefaultBytes})
	if c.idle == 0 {
		c.idle = 30 * time.Second
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c
}

// check says what is wrong with a configuration.
func (c Config) check() error {
	families := map[bool]bool{}
	for _, ip := range c.PublicIPs {
		if !ip.IsValid() || ip.Is4In6() || ip.Zone() != "" || ip.IsUnspecified() || ip.IsMulticast() {
			return fmt.Errorf("turn: %s is no address at which others reach this machine", ip)
		}
		if families[ip.Is6()] {
			return fmt.Errorf("turn: %s is one public address of its family too many", ip)
		}
		families[ip.Is6()] = true
	}
	switch {
	case len(families) == 0:
		return errors.New("turn: there is no public address")
	case c.MinPort == 0 || c.MinPort > c.MaxPort:
		return fmt.Errorf("turn: %d to %d is no range of ports", c.MinPort, c.MaxPort)
	case len(c.Secret) == 0:
		return errors.New("turn: there is no secret")
	}
	return nil
}

// client is where a client is, as the server sees it.
type client struct {
	address netip.AddrPort
	tcp     bool
}

func clientAt(a net.Addr) client {
	_, tcp := a.(*net.TCPAddr)
	return client{addrPort(a), tcp}
}

// allocation is what a client has. The server's lock guards it.
type allocation struct {
	id       string
	client   client
	holders  [3]holder
	accounts [3]*account
	made     bool                // pion has made it
	peers    map[netip.Addr]bool // it has permissions for them
	channels int
}

// Server is a TURN and STUN server. Make it with [New], end it with [Server.Close]. Its
// methods may be called from any goroutine.
type Server struct {
	config   Config
	own      *own
	server   *turn.Server
	listener *listener
	counts   counts
	sockets  sync.WaitGroup // of allocations
	stop     chan struct{}
	stopped  chan struct{}

	mu       sync.RWMutex
	closed   bool
	clients  map[client]*allocation
	accounts accounts
	former   map[holder]bool // those that may have an account that is not needed any more
	public   map[netip.AddrPort]*relayed
	local    map[netip.AddrPort]*relayed
}

// New returns a server that serves until it is closed. An error says what is wrong with
// the configuration, or why it cannot listen.
func New(config Config) (*Server, error) {
	config = config.withDefaults()
	if err := config.check(); err != nil {
		return nil, err
	}
	s := &Server{
		config:   config,
		stop:     make(chan struct{}),
		stopped:  make(chan struct{}),
		clients:  map[client]*allocation{},
		accounts: accounts{},
		former:   map[holder]bool{},
		public:   map[netip.AddrPort]*relayed{},
		local:    map[netip.AddrPort]*relayed{},
	}
	var err error
	if s.own, err = newOwn(config.PublicIPs); err != nil {
		return nil, fmt.Errorf("turn: find the addresses of this machine: %w", err)
	}
	tcp, udp, err := listenBoth(config.Address)
	if err != nil {
		return nil, err
	}
	s.listener = newListener(s, tcp)
	s.server, err = turn.NewServer(turn.ServerConfig{
		Realm:              realm,
		AuthHandler:        s.authenticate,
		QuotaHandler:       s.admit,
		AllocationLifetime: config.AllocationLifetime,
		InboundMTU:         maxPacket,
		LoggerFactory:      &logging.DefaultLoggerFactory{Writer: io.Discard, DefaultLogLevel: logging.LogLevelDisabled},
		EventHandler: turn.EventHandler{
			OnAuth:              s.authenticated,
			OnAllocationCreated: s.allocated,
			OnAllocationDeleted: s.deallocated,
			OnAllocationError:   s.failed,
			OnPermissionCreated: s.permitted,
			OnPermissionDeleted: s.forbidden,
			OnChannelCreated:    s.bound,
			OnChannelDeleted:    s.unbound,
		},
		PacketConnConfigs: []turn.PacketConnConfig{
			{PacketConn: &clientSocket{udp, s, newPace(strangersPerSecond, strangersAtOnce)}, RelayAddressGenerator: generator{s}, PermissionHandler: s.permits},
		},
		ListenerConfigs: []turn.ListenerConfig{
			{Listener: s.listener, RelayAddressGenerator: generator{s}, PermissionHandler: s.permits},
		},
	})
	if err != nil {
		return nil, errors.Join(err, s.listener.Close(), udp.Close())
	}
	go s.sweep()
	return s, nil
}

// listenBoth listens for TCP and UDP at the same port.
func listenBoth(address string) (net.Listener, net.PacketConn, error) {
	for tries := 0; ; tries++ {
		tcp, err := net.Listen("tcp", address)
		if err != nil {
			return nil, nil, fmt.Errorf("turn: %w", err)
		}
		udp, err := net.ListenPacket("udp", tcp.Addr().String())
		if err == nil {
			_ = udp.(*net.UDPConn).SetReadBuffer(socketBuffer) // the system may allow less
			return tcp, udp, nil
		}
		_ = tcp.Close()
		if _, port, _ := net.SplitHostPort(address); port != "0" || tries == 9 {
			return nil, nil, fmt.Errorf("turn: %w", err)
		}
	}
}

// Port returns the port at which it listens.
func (s *Server) Port() int { return int(addrPort(s.listener.Addr()).Port()) }

// STUN returns the URLs of the server for those who have no credentials.
func (s *Server) STUN() []string { return s.urls("stun", "", "") }

// TURN returns the URLs of the server for those who have credentials. host is the name in
// the certificate; empty: the public addresses are.
func (s *Server) TURN(host string) []string {
	urls := append(s.urls("turn", "", "?transport=udp"), s.urls("turn", "", "?transport=tcp")...)
	if s.config.TLS != nil {
		urls = append(urls, s.urls("turns", host, "?transport=tcp")...)
	}
	return urls
}

// urls returns a URL for a host, or for each public address if it is empty.
func (s *Server) urls(scheme, host, query string) (urls []string) {
	hosts := []string{host}
	if host == "" {
		hosts = nil
		for _, ip := range s.config.PublicIPs {
			hosts = append(hosts, ip.String())
		}
	}
	for _, host := range hosts {
		urls = append(urls, scheme+":"+net.JoinHostPort(host, strconv.Itoa(s.Port()))+query)
	}
	return urls
}

// Close ends all allocations and connections, and returns when nothing runs any more.
func (s *Server) Close() error {
	s.mu.Lock()
	first := !s.closed
	s.closed = true
	s.mu.Unlock()
	if !first {
		<-s.stopped
		return nil
	}
	close(s.stop)
	err := s.server.Close()
	s.listener.wait()
	s.sockets.Wait()
	<-s.stopped
	return err
}

// sweep drops accounts that are not needed any more, until Close.
func (s *Server) sweep() {
	defer close(s.stopped)
	ticker := time.NewTicker(sweepEach)
	defer ticker.Stop()
	for {
		select {
		case now := <-ticker.C:
			s.mu.Lock()
			s.forgetFormer(now)
			s.mu.Unlock()
		case <-s.stop:
			return
		}
	}
}

// authenticate returns the id and the key of a client. Only who wants a new allocation
// needs credentials that have not expired, as with coturn.
func (s *Server) authenticate(r *turn.RequestAttributes) (id string, key []byte, ok bool) {
	id, expires, ok := parseName(r.Username)
	if !ok || r.Realm != realm {
		s.counts.forged.Add(1)
		return "", nil, false
	}
	if r.Method == stun.MethodAllocate && !time.Now().Before(expires) {
		s.counts.expired.Add(1)
		return "", nil, false
	}
	return id, turn.GenerateAuthKey(r.Username, realm, s.config.Secret.password(r.Username)), true
}

// authenticated counts what the check of a request's signature has shown.
func (s *Server) authenticated(_, _ net.Addr, _, _, _ string, method string, ok bool) {
	switch {
	case !ok:
		s.counts.forged.Add(1)
	case strings.EqualFold(method, stun.MethodRefresh.String()):
		s.counts.refreshes.Add(1)
	}
}

// admit reserves a place for an allocation, or says that the quota is reached (486).
func (s *Server) admit(id, _ string, from net.Addr) bool {
	c := clientAt(from)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.clients[c] != nil { // its former one is just being ended
		return false
	}
	a := s.reserve(id, c)
	if a == nil {
		s.counts.overQuota.Add(1)
		return false
	}
	s.clients[c] = a
	return true
}

// allocated is called when an allocation is there, before anything is relayed.
func (s *Server) allocated(from, _ net.Addr, _, id, _ string, relay net.Addr, _ int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a, r := s.clients[clientAt(from)], s.public[addrPort(relay)]
	if a == nil || r == nil {
		return // unreachable: both were there a moment ago
	}
	a.made = true
	r.allocation.Store(a)
	s.counts.allocations.Add(1)
	s.config.Logger.Debug("TURN allocation", "id", id)
}

// deallocated is called when an allocation has ended.
func (s *Server) deallocated(from, _ net.Addr, _, id, _ string) {
	s.drop(clientAt(from))
	s.config.Logger.Debug("TURN allocation ended", "id", id)
}

// failed is called when a request was in vain. If it was for an allocation, its place is
// free again.
func (s *Server) failed(from, _ net.Addr, _, _ string) {
	c := clientAt(from)
	s.mu.RLock()
	a := s.clients[c]
	pending := a != nil && !a.made
	s.mu.RUnlock()
	if pending {
		s.counts.noPort.Add(1)
		s.drop(c)
	}
}

func (s *Server) drop(c client) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if a := s.clients[c]; a != nil {
		delete(s.clients, c)
		s.release(a)
	}
}

// permits reports whether a client may send to a peer, as far as its address tells (403).
// The public addresses are those of other allocations.
func (s *Server) permits(from net.Addr, peer net.IP) bool {
	ip, ok := netip.AddrFromSlice(peer) // IPv4 as IPv6 stays as it is
	if !ok || !s.own.public[ip] && (Special(ip) || s.own.is(ip)) {
		s.counts.denied.Add(1)
		return false
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	a := s.clients[clientAt(from)]
	if a == nil || len(a.peers) >= maxPeers && !a.peers[ip] || a.channels >= maxPeers {
		s.counts.denied.Add(1)
		return false
	}
	return true
}

func (s *Server) permitted(from, _ net.Addr, _, _, _ string, _ net.Addr, peer net.IP) {
	s.with(from, func(a *allocation) { a.peers[ipOf(peer)] = true })
}

func (s *Server) forbidden(from, _ net.Addr, _, _, _ string, _ net.Addr, peer net.IP) {
	s.with(from, func(a *allocation) { delete(a.peers, ipOf(peer)) })
}

func (s *Server) bound(from, _ net.Addr, _, _, _ string, _, _ net.Addr, _ uint16) {
	s.with(from, func(a *allocation) { a.channels++ })
}

func (s *Server) unbound(from, _ net.Addr, _, _, _ string, _, _ net.Addr, _ uint16) {
	s.with(from, func(a *allocation) { a.channels-- })
}

func ipOf(peer net.IP) netip.Addr {
	ip, _ := netip.AddrFromSlice(peer)
	return ip
}

// with calls f with the allocation of a client, if it has one.
func (s *Server) with(from net.Addr, f func(*allocation)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if a := s.clients[clientAt(from)]; a != nil {
		f(a)
	}
}

// has reports whether a client has an allocation.
func (s *Server) has(c client) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.clients[c] != nil
}

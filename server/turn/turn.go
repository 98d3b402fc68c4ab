package turn

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
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

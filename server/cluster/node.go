package cluster

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"perfect-negotiation/server/relay"
)

// Config of a [Node].
type Config struct {
	URLs        []string    // of NATS servers
	Credentials string      // a file of NATS credentials; empty: none
	TLS         *tls.Config // for NATS; nil: TLS only if a URL or the server asks for it, with the system's authorities

	// Name tells the nodes of a cluster apart, see [NameRule]. No two that run have the same.
	Name string

	// Secret is what all nodes have in common, and NATS does not know: the names of rooms
	// are kept there as a fingerprint.
	Secret []byte

	Logger *slog.Logger // nil: nothing is logged
}

// NameRule says what a node's name is, as the rest of a sentence.
const NameRule = "must have 1 to 32 characters of A-Z a-z 0-9 - _"

var (
	validName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,32}$`)
	validID   = regexp.MustCompile(`^[A-Za-z0-9_-]{1,32}\.[A-Z2-7]{26}$`)
)

// ValidName reports whether a name obeys [NameRule].
func ValidName(name string) bool { return validName.MatchString(name) }

// ErrNameTaken says that a node with the same name runs.
var ErrNameTaken = errors.New("another node has this name")

// maxLinks is how many other nodes there may be.
const maxLinks = 1024

// Node is this process in a cluster: the [relay.Cluster] of its relay. Make it with
// [Connect], and give it the relay with [Node.Serve]; the relay's Shutdown ends it.
type Node struct {
	config Config
	id     string // NAME.INSTANCE: the instance is another one for each process
	log    *slog.Logger
	nats   *nats.Conn
	js     jetstream.JetStream
	relay  *relay.Relay
	claims claims
	lease  lease
	outbox outbox
	stats  counters

	running sync.WaitGroup
	stop    chan struct{}
	ending  sync.Once
	back    chan struct{} // has room for one: NATS is there again

	reconnects uint64 // to NATS, for which links were paused; the publisher's

	mu    sync.Mutex // before link.mu
	links map[string]*link

	copies func(packet) int // how often a packet is published; tests lose and double some
}

// Connect connects to NATS, and takes the name. A name that a process has left that died
// is free after 3 s, for which Connect waits; [ErrNameTaken] says that it is not.
func Connect(ctx context.Context, config Config) (*Node, error) {
	if !ValidName(config.Name) {
		return nil, fmt.Errorf("the name of a node %s, not %q", NameRule, config.Name)
	}
	n := &Node{
		config: config,
		id:     config.Name + "." + rand.Text(),
		log:    config.Logger,
		stop:   make(chan struct{}),
		back:   make(chan struct{}, 1),
		links:  map[string]*link{},
		copies: func(packet) int { return 1 },
	}
	if n.log == nil {
		n.log = slog.New(slog.DiscardHandler)
	}
	n.outbox.ready = make(chan struct{}, 1)
	n.claims = claims{node: n, of: map[string]*claim{}, idle: map[*claim]time.Time{}, elsewhere: map[string]*elsewhere{}}
	n.lease.node = n
	var err error
	if n.nats, err = nats.Connect(strings.Join(config.URLs, ","), n.options()...); err != nil {
		return nil, fmt.Errorf("connect to NATS: %w", err)
	}
	if n.js, err = jetstream.New(n.nats); err == nil {
		err = n.lease.take(ctx)
	}
	if err != nil {
		n.nats.Close()
		return nil, err
	}
	return n, nil
}

func (n *Node) options() []nats.Option {
	options := []nats.Option{
		nats.Name("perfect-negotiation " + n.config.Name),
		nats.NoEcho(),
		nats.MaxReconnects(-1),
		nats.ReconnectWait(100 * time.Millisecond),
		nats.ReconnectJitter(100*time.Millisecond, 100*time.Millisecond),
		nats.ReconnectBufSize(-1), // it would lose what it holds without a word
		nats.PingInterval(time.Second),
		nats.MaxPingsOutstanding(3),
		nats.Timeout(2 * time.Second),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
			n.lease.interrupted()
			if err != nil {
				n.log.Warn("NATS is away", "error", err)
			}
		}),
		nats.ReconnectHandler(func(*nats.Conn) { n.returned() }),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
			n.log.Error("NATS", "error", err)
		}),
	}
	if n.config.Credentials != "" {
		options = append(options, nats.UserCredentials(n.config.Credentials))
	}
	if n.config.TLS != nil {
		options = append(options, nats.Secure(n.config.TLS))
	}
	return options
}

// Serve joins the cluster with a relay. Until then, clients of this node are told that
// it is unavailable.
func (n *Node) Serve(r *relay.Relay) error {
	n.relay = r
	if _, err := n.nats.Subscribe("pn."+n.id+".*.*", n.receive); err != nil {
		return fmt.Errorf("subscribe in NATS: %w", err)
	}
	n.running.Go(n.publish)
	n.running.Go(n.beat)
	n.running.Go(n.lease.keep)
	n.running.Go(n.claims.keep)
	n.log.Info("in the cluster", "node", n.id, "nats", n.nats.ConnectedUrlRedacted())
	n.claims.resume()
	return nil
}

// nameOf returns the name in a node's id.
func nameOf(id string) string {
	name, _, _ := strings.Cut(id, ".")
	return name
}

// subject returns where a node publishes what is for another one.
func subject(to, from string) string { return "pn." + to + "." + from }

// key returns under what the claim of a room is kept.
func (n *Node) key(room string) string {
	mac := hmac.New(sha256.New, n.config.Secret)
	mac.Write([]byte(room))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// receive is called for what other nodes have published for this one, in turn.
func (n *Node) receive(m *nats.Msg) {
	peer := strings.TrimPrefix(m.Subject, "pn."+n.id+".")
	l := n.link(peer)
	if l == nil {
		return
	}
	if len(m.Data) == 0 && m.Header.Get("Status") == "503" {
		l.refuse(time.Now())
		return
	}
	h, frames, err := parsePacket(m.Data)
	if err != nil {
		n.stats.unread.Add(1)
		return
	}
	v := l.accept(h, len(frames) == 0)
	why := "it began anew"
	if v.gap {
		n.stats.gaps.Add(1)
		why = "a packet is missing"
	}
	l.end(v.victims, why)
	if m.Reply != "" {
		l.answer()
	}
	if !v.take {
		return
	}
	for {
		f, rest, ok := nextFrame(frames)
		if !ok {
			return
		}
		frames = rest
		switch f.kind {
		case kindJoin, kindSay, kindTell, kindSlow, kindLeave:
			l.requested(v.epoch, f)
		case kindMoved, kindWelcome, kindText, kindCharge, kindEnd:
			l.told(v.epoch, f)
		}
	}
}

// link returns the link to another node, or nil if that is none.
func (n *Node) link(peer string) *link {
	n.mu.Lock()
	defer n.mu.Unlock()
	l := n.links[peer]
	if l == nil && validID.MatchString(peer) && peer != n.id && len(n.links) < maxLinks {
		l = newLink(n, peer)
		n.links[peer] = l
	}
	return l
}

// all returns the links.
func (n *Node) all() []*link {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Collect(maps.Values(n.links))
}

// beat keeps the links until the node stops.
func (n *Node) beat() {
	ticker := time.NewTicker(beatTime)
	defer ticker.Stop()
	last := time.Now()
	for {
		select {
		case <-n.stop:
			return
		case <-ticker.C:
		}
		now := time.Now()
		late := max(now.Sub(last)-2*beatTime, 0)
		last = now
		for _, l := range n.all() {
			epoch, why, forget := l.check(now, late)
			if why != "" {
				l.breakUp(epoch, why)
			}
			if forget {
				n.mu.Lock()
				delete(n.links, l.peer)
				n.mu.Unlock()
			}
		}
	}
}

// returned is called when NATS is there again.
func (n *Node) returned() {
	n.log.Info("NATS is back", "nats", n.nats.ConnectedUrlRedacted())
	select {
	case n.back <- struct{}{}:
	default:
	}
	n.lease.hurry()
}

// awaitNATS waits until NATS is there again, and reports whether it is: else the node
// stops.
func (n *Node) awaitNATS() bool {
	for {
		if n.nats.IsConnected() {
			return true
		}
		select {
		case <-n.stop:
			return false
		case <-n.back:
		}
	}
}

// Close implements [relay.Cluster]: it gives up the rooms that live here, and leaves those
// that live elsewhere. Other nodes claim theirs at once.
func (n *Node) Close(ctx context.Context) {
	n.ending.Do(func() {
		n.claims.close()
		for _, l := range n.all() {
			l.quit()
		}
		n.flush(ctx)
		n.claims.releaseAll(ctx)
		n.lease.give(ctx)
		close(n.stop)
		n.nats.Close()
		n.running.Wait()
	})
}

// quit has our clients leave.
func (l *link) quit() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for client := range l.seats {
		l.put(l.mine, kindLeave, client)
	}
	clear(l.seats)
}

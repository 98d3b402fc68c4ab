package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	cdp "github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/pion/webrtc/v4"
	"go.uber.org/goleak"

	"perfect-negotiation/negotiation"
	"perfect-negotiation/negotiation/peer"
	"perfect-negotiation/negotiation/signaling"
	"perfect-negotiation/server/relay"
)

const patience = 20 * time.Second

// phonesHost is this machine by a name that the browser does not trust.
const phonesHost = "pn.test"

// browser is one Chromium for all tests; nil without PN_TABS.
var browser context.Context

func TestMain(m *testing.M) {
	if os.Getenv("PN_TABS") == "" {
		goleak.VerifyTestMain(m)
		return
	}
	allocator, cancel := chromedp.NewExecAllocator(context.Background(), append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(chrome()),
		chromedp.NoSandbox,
		chromedp.Flag("allow-loopback-in-peer-connection", true),
		chromedp.Flag("disable-features", "WebRtcHideLocalIpsWithMdns"),
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-backgrounding-occluded-windows", true),
		chromedp.Flag("disable-renderer-backgrounding", true),
		chromedp.Flag("use-fake-device-for-media-stream", true),
		chromedp.Flag("use-fake-ui-for-media-stream", true),
		chromedp.Flag("host-resolver-rules", "MAP "+phonesHost+" 127.0.0.1"),
		chromedp.ModifyCmdFunc(endWithTest),
	)...)
	first, cancelFirst := chromedp.NewContext(allocator)
	if err := chromedp.Run(first); err != nil {
		fmt.Fprintln(os.Stderr, "start the browser:", err)
		os.Exit(1)
	}
	browser = first
	code := m.Run()
	cancelFirst()
	cancel()
	http.DefaultClient.CloseIdleConnections()
	if err := goleak.Find(); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func chrome() string {
	name := os.Getenv("CHROME")
	if name == "" {
		name = "chromium"
	}
	path, err := exec.LookPath(name)
	if err != nil {
		return name
	}
	return path
}

// world is a real server on loopback.
type world struct {
	t     *testing.T
	url   string
	relay *relay.Relay
	http  *http.Server
	ended chan struct{}

	newConnection func(webrtc.Configuration) (*webrtc.PeerConnection, error) // of native peers
}

// worldAt is a world whose server somebody else has started.
func worldAt(t *testing.T, url string) *world {
	return &world{t: t, url: url, newConnection: peer.NewPeerConnection}
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := worldAt(t, "")
	w.start("127.0.0.1:0")
	t.Cleanup(w.stop)
	return w
}

func (w *world) start(address string) {
	w.t.Helper()
	listener, err := net.Listen("tcp", address)
	if err != nil {
		w.t.Fatal(err)
	}
	w.url = "http://" + listener.Addr().String()
	w.relay = relay.New(relay.Config{})
	mux := http.NewServeMux()
	mux.Handle("/w3c/", http.StripPrefix("/w3c/", http.FileServer(http.Dir("testdata"))))
	mux.Handle("/", handler(w.relay))
	server, ended := &http.Server{Handler: mux, ReadHeaderTimeout: patience}, make(chan struct{})
	w.http, w.ended = server, ended
	go func() {
		defer close(ended)
		_ = server.Serve(listener)
	}()
}

func (w *world) stop() {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := w.relay.Shutdown(ctx); err != nil {
		w.t.Error("relay:", err)
	}
	_ = w.http.Close()
	<-w.ended
}

// participant is a tab or a native peer.
type participant interface {
	connect()
	renegotiate()
	say(line string)
	count(kind negotiation.Kind) int
	received() []string
	surfaced() []string // what people are told that is not as it should be
	log() string
}

// native is a native peer in this process.
type native struct {
	t *testing.T
	p *peer.Peer

	mu     sync.Mutex
	events map[negotiation.Kind]int
	chat   []string
	bad    []string
	lines  []string
	role   string
	opened int // channels since it was paired last
	all    []negotiation.Event

	connections []*webrtc.PeerConnection
}

func (w *world) native(room, role string, auto bool, onTrack ...func(string, peer.RemoteTrack)) *native {
	w.t.Helper()
	n := &native{t: w.t, events: map[negotiation.Kind]int{}}
	onTrack = append(onTrack, nil)
	p, err := peer.Join(context.Background(), peer.Config{
		OnTrack: onTrack[0],
		Options: signaling.Options{Server: w.url, Room: room, Role: role, Rank: peer.RankNative},
		Connect: auto,
		Trace:   n.trace,
		NewPeerConnection: func(c webrtc.Configuration) (*webrtc.PeerConnection, error) {
			pc, err := w.newConnection(c)
			n.mu.Lock()
			defer n.mu.Unlock()
			n.connections = append(n.connections, pc)
			return pc, err
		},
	})
	if err != nil {
		w.t.Fatal(err)
	}
	n.p = p
	w.t.Cleanup(n.close)
	n.await("it is in the room", func() bool { return n.count(peer.RoomJoined) > 0 })
	return n
}

func (n *native) close() {
	n.p.Close()
	<-n.p.Done()
}

func (n *native) trace(e negotiation.Event) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.events[e.Kind]++
	n.all = append(n.all, e)
	if e.Kind != peer.ChatNotSent {
		n.lines = append(n.lines, e.Time.Format("05.000 ")+e.String())
	}
	switch level := e.Level(); {
	case e.Kind == peer.ChatReceived:
		n.chat = append(n.chat, e.Detail)
	case e.Kind == peer.Paired:
		n.role, n.opened = e.Role, 0
	case e.Kind == peer.ChannelOpened:
		n.opened++
	case level == negotiation.LevelWarn || level == negotiation.LevelError:
		n.bad = append(n.bad, e.String())
	}
}

func (n *native) connect()     { n.p.Connect() }
func (n *native) renegotiate() { n.p.Renegotiate() }

func (n *native) say(line string) {
	if err := n.p.Say("", line); err != nil {
		n.t.Errorf("say %q: %v", line, err)
	}
}

func (n *native) count(kind negotiation.Kind) int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.events[kind]
}

// complete tells whether both data channels of the last pairing are open.
func (n *native) complete() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.opened == 2
}

func (n *native) received() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return append([]string(nil), n.chat...)
}

func (n *native) surfaced() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return append([]string(nil), n.bad...)
}

// trail returns the trace so far.
func (n *native) trail() []negotiation.Event {
	n.mu.Lock()
	defer n.mu.Unlock()
	return append([]negotiation.Event(nil), n.all...)
}

func (n *native) log() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return strings.Join(n.lines[max(0, len(n.lines)-60):], "\n")
}

func (n *native) await(what string, ok func() bool) { n.t.Helper(); await(n.t, what, ok, n) }

func await(t *testing.T, what string, ok func() bool, who ...participant) {
	t.Helper()
	within(t, patience, what, ok, who...)
}

// within waits until ok, for as long as that may take; without an event to wait
// for across two processes it asks.
func within(t *testing.T, limit time.Duration, what string, ok func() bool, who ...participant) {
	t.Helper()
	deadline := time.Now().Add(limit)
	for !ok() {
		if time.Now().After(deadline) {
			for i, p := range who {
				t.Logf("participant %d:\n%s", i, p.log())
			}
			t.Fatalf("not in %s: %s", limit, what)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// driver drives a tab.
type driver interface {
	navigate(url string) error
	reload() error
	// evaluate runs JavaScript, waits for a promise, and stores what comes of it
	// in result, unless that is nil.
	evaluate(script string, result any) error
	// prepare has each page that is loaded from now on run a script first.
	prepare(script string) error
}

// chromium is a driver.
type chromium struct{ ctx context.Context }

func (c chromium) navigate(url string) error { return chromedp.Run(c.ctx, chromedp.Navigate(url)) }
func (c chromium) reload() error             { return chromedp.Run(c.ctx, chromedp.Reload()) }

func (c chromium) evaluate(script string, result any) error {
	return chromedp.Run(c.ctx, chromedp.Evaluate(script, result, func(p *runtime.EvaluateParams) *runtime.EvaluateParams {
		return p.WithAwaitPromise(true)
	}))
}

func (c chromium) prepare(script string) error {
	return chromedp.Run(c.ctx, chromedp.ActionFunc(func(ctx context.Context) error {
		_, err := cdp.AddScriptToEvaluateOnNewDocument(script).Do(ctx)
		return err
	}))
}

// tab is a tab of a browser that shows one of our pages.
type tab struct {
	driver
	t   *testing.T
	ctx context.Context // of chromedp
	url string
}

func (w *world) tab(path string) *tab {
	w.t.Helper()
	b := w.blank(w.url + path)
	b.open()
	return b
}

// blank returns a tab of Chromium that will show url.
func (w *world) blank(url string) *tab {
	w.t.Helper()
	if browser == nil {
		w.t.Skip("needs a browser and the built page: make test-tabs")
	}
	ctx, cancel := chromedp.NewContext(browser)
	w.t.Cleanup(cancel)
	return &tab{driver: chromium{ctx}, t: w.t, ctx: ctx, url: url}
}

func (b *tab) open() {
	b.t.Helper()
	if err := b.navigate(b.url); err != nil {
		b.t.Fatal(err)
	}
	b.ready()
}

// ready waits for the page, which may still be on its way: then there is nothing
// to evaluate a script in.
func (b *tab) ready() {
	b.t.Helper()
	await(b.t, "the page is ready", func() bool {
		var ready bool
		err := b.evaluate(`document.documentElement.dataset.ready === "true" && document.querySelector("#signal").dataset.state === "connected"`, &ready)
		return err == nil && ready
	}, b)
}

func (b *tab) again() {
	b.t.Helper()
	if err := b.reload(); err != nil {
		b.t.Fatal(err)
	}
	b.ready()
}

// text evaluates JavaScript that gives a string.
func (b *tab) text(script string) (s string) {
	b.eval(script, &s)
	return s
}

func (b *tab) eval(script string, result any) {
	if err := b.evaluate(script, result); err != nil {
		b.t.Errorf("%s: %v", script, err)
	}
}

func (b *tab) connect()     { b.eval(`document.querySelector("#connect").click()`, nil) }
func (b *tab) renegotiate() { b.eval(`document.querySelector("#renegotiate").click()`, nil) }

func (b *tab) say(line string) {
	b.eval(fmt.Sprintf(`document.querySelector("#message").value = %q; document.querySelector("#send").click()`, line), nil)
}

func (b *tab) count(kind negotiation.Kind) (n int) {
	b.eval(fmt.Sprintf(`document.querySelectorAll('#log [data-kind=%q]').length`, kind), &n)
	return n
}

func (b *tab) lines(selector string) (lines []string) {
	b.eval(fmt.Sprintf(`[...document.querySelectorAll('#log %s .text')].map(e => e.textContent)`, selector), &lines)
	return lines
}

func (b *tab) received() []string {
	lines := b.lines(`[data-kind="chat-received"]`)
	for i, line := range lines {
		lines[i] = strings.TrimPrefix(line, "Received: ")
	}
	return lines
}

func (b *tab) surfaced() []string {
	bad := append(b.lines(`[data-level="warn"]`), b.lines(`[data-level="error"]`)...)
	return append(bad, b.texts(`#notice:not([hidden]) > #notice-text, #media-error:not([hidden])`)...)
}

func (b *tab) log() string {
	var lines []string
	b.eval(`[...document.querySelectorAll("#log > *")].slice(-60).map(e => e.textContent)`, &lines)
	return strings.Join(append(lines, b.text(`document.querySelector("#notice").textContent`)), "\n")
}

// page is the W3C sample.
type page struct{ tab }

func (w *world) page(room, role string) *page {
	w.t.Helper()
	p := &page{*w.rawTab(fmt.Sprintf("%s/w3c/w3c.html?room=%s&role=%s", w.url, room, role))}
	await(w.t, "the page is in the room", func() bool { return p.text(`socket.readyState + ""`) == "1" })
	return p
}

func (p *page) connect()        { p.eval(`connect()`, nil) }
func (p *page) renegotiate()    { p.eval(`renegotiate()`, nil) }
func (p *page) say(line string) { p.eval(fmt.Sprintf(`channel.send(%q)`, line), nil) }

func (p *page) count(kind negotiation.Kind) (n int) {
	script := map[negotiation.Kind]string{
		peer.Connected:                `+(pc.connectionState === "connected")`,
		peer.ChannelOpened:            `+(channel !== null)`,
		negotiation.OfferSending:      `events.offers`,
		negotiation.CollisionRollback: `events.rollbacks`,
		negotiation.CollisionIgnored:  `events.ignored`,
	}[kind]
	p.eval(script, &n)
	return n
}

func (p *page) received() (lines []string) {
	p.eval(`events.received`, &lines)
	return lines
}

func (p *page) surfaced() (lines []string) {
	p.eval(`events.errors`, &lines)
	return lines
}

func (p *page) log() string { return p.text(`JSON.stringify(events) + " " + pc.signalingState`) }

// sample is the W3C sample as it is printed.
type sample struct{ *tab }

// sample opens one that is paired with ours.
func (w *world) sample(role string, ours participant) sample {
	w.t.Helper()
	s := sample{w.rawTab(fmt.Sprintf("%s/w3c/sample.html?room=%s&role=%s", w.url, demoRoom, role))}
	await(w.t, "they are paired", func() bool { return ours.count(peer.Paired) > 0 }, ours)
	return s
}

func (s sample) connect()     { s.eval(`start()`, nil) }
func (s sample) renegotiate() { s.eval(`pc.onnegotiationneeded()`, nil) }

func (s sample) surfaced() (lines []string) {
	s.eval(`errors`, &lines)
	return lines
}

func (s sample) log() string {
	return s.text(`errors + " " + pc.signalingState + " " + pc.connectionState`)
}

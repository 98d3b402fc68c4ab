//go:build !js

package wire_test

import (
	"os"
	"os/exec"
	"reflect"
	"slices"
	"strings"
	"testing"

	"perfect-negotiation/negotiation/signaling/wire"
)

// module is the name of this one, with a slash.
var module = strings.TrimSuffix(reflect.TypeFor[wire.Member]().PkgPath(), "negotiation/signaling/wire")

// TestImports checks the dependencies of each package. They run down only: server
// and wasm, then peer, signaling, negotiation, and wire, which is a leaf.
func TestImports(t *testing.T) {
	const (
		wire    = "negotiation/signaling/wire"
		link    = "negotiation/signaling/link"
		local   = "negotiation/signaling/local"
		trouble = "negotiation/signaling/trouble"
		jsontxt = "negotiation/internal/jsontext"
		message = "negotiation/internal/messages"
		sdp     = "negotiation/internal/sdp"
		held    = "negotiation/internal/held"
		pion    = "negotiation/internal/pion"
		browser = "negotiation/internal/browser"
		random  = "negotiation/internal/random"
		trust   = "negotiation/internal/trust"
		timing  = "negotiation/internal/timing"
		reads   = "negotiation/internal/reads"
		restore = "negotiation/recovery"
		call    = "negotiation/call"
		tests   = "negotiation/signaling/transporttest"
		ident   = "negotiation/signaling/identity"
		webapi  = "negotiation/webapi"
		trace   = "negotiation/trace"
		dump    = "negotiation/trace/dump"
		replay  = "negotiation/replay"
	)
	core := []string{"negotiation", jsontxt, message, wire, trace, held, sdp, pion}
	client := append([]string{"negotiation/signaling", link, random, trust}, core...)
	peer := append([]string{"negotiation/peer", restore, timing, reads}, client...)
	for _, rule := range []struct {
		pkg    string
		goos   string   // empty: this machine's
		may    []string // the packages of this module that it may need
		mayNot []string // prefixes of packages that it may not
		why    string
	}{
		{wire, "", nil, []string{"github.com/", "net/"}, "it is shared by all, and needs nobody"},
		{link, "", nil, []string{"github.com/", "net/"}, "it delivers messages, whatever they are about"},
		{trace, "", []string{wire, jsontxt}, []string{"github.com/pion/", "net/"}, "it is read where there is no WebRTC"},
		{dump, "", []string{trace, wire, jsontxt}, []string{"github.com/pion/", "net/http"}, "it is read where there is no WebRTC"},
		{sdp, "", []string{trace, wire, jsontxt}, []string{"github.com/pion/", "net/"}, "a description is text, and knows no connection"},
		{held, "", []string{sdp, trace, wire, jsontxt}, []string{"net/http"}, "it knows neither pion nor a browser"},
		{pion, "", []string{held, sdp, trace, wire, jsontxt}, []string{"net/http"}, "it knows a connection, and no negotiation"},
		{browser, "js", []string{held, message, sdp, webapi, trace, wire, jsontxt}, []string{"net/http"}, "it knows a connection, and no negotiation"},
		{"negotiation", "", core, []string{"net/http", "github.com/gorilla/"}, "the pattern does no I/O of its own"},
		{"negotiation/signaling", "", client, nil, "the client knows no peers"},
		{local, "", client, nil, "a room knows no peers"},
		{trouble, "", client, nil, "trouble knows no peers"},
		{restore, "", append([]string{timing}, core...), []string{"net/http", "github.com/gorilla/"}, "it knows a connection, and no signalling"},
		{call, "", append([]string{restore, timing, reads}, client...), nil, "a call knows no rooms"},
		{tests, "", append([]string{webapi, trouble}, peer...), nil, "it tests what others write"},
		{"negotiation/peer", "", append([]string{webapi}, peer...), nil, "peers know no program"},
		{"negotiation/peer/netconn", "", append([]string{"negotiation/peer", webapi}, peer...), nil, "a stream knows no program"},
		{"negotiation/...", "", append([]string{webapi, browser, local, trouble, dump, replay, call, tests, ident, "negotiation/peer/netconn", "negotiation/peer/examples"}, peer...),
			[]string{"github.com/urfave/", "github.com/prometheus/", "github.com/andybalholm/", "github.com/chromedp/", "github.com/nats-io/", "github.com/google/go-cmp", "go.uber.org/goleak"},
			"a library brings along nothing of the server or the tests"},
		{"server/relay", "", []string{"server/relay", "server/address", wire, ident}, []string{"github.com/pion/", "github.com/prometheus/", "github.com/nats-io/"}, "the relay passes messages on, and knows nothing of WebRTC"},
		{"server/cluster", "", []string{"server/relay", "server/address", wire, ident}, []string{"github.com/pion/", "github.com/prometheus/", "github.com/nats-io/nats-server/"}, "nodes know relays, and nothing of WebRTC"},
		{"server/terminal", "", append([]string{"server/media"}, peer...), []string{"github.com/urfave/"}, "the terminal reads no command line"},
		{"web", "", []string{"web/packed", wire}, []string{"github.com/"}, "the page is files"},
		{"wasm", "js", append([]string{"wasm", webapi, browser, local, trouble}, peer...), []string{"net/http", "github.com/gorilla/"}, "the page's program is downloaded"},
	} {
		cmd := exec.Command("go", "list", "-deps", module+rule.pkg)
		cmd.Env = os.Environ()
		if rule.goos == "js" {
			cmd.Env = append(cmd.Env, "GOOS=js", "GOARCH=wasm")
		}
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("go list -deps %s: %v", rule.pkg, err)
		}
		for needed := range strings.FieldsSeq(string(out)) {
			own, ours := strings.CutPrefix(needed, module)
			switch {
			case ours && own != rule.pkg && !slices.ContainsFunc(rule.may, func(may string) bool {
				return own == may || may == "negotiation/peer/examples" && strings.HasPrefix(own, may)
			}), slices.ContainsFunc(rule.mayNot, func(not string) bool { return strings.HasPrefix(needed, not) }):
				t.Errorf("%s needs %s: %s", rule.pkg, needed, rule.why)
			}
		}
	}
}

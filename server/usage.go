package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"slices"
	"strings"

	"github.com/pion/webrtc/v4"
	"github.com/urfave/cli/v3"

	"perfect-negotiation/negotiation/signaling/wire"
)

// errUsage means that the command line is wrong.
var errUsage = errors.New("wrong usage")

func usage(_ context.Context, _ *cli.Command, err error, _ bool) error {
	return fmt.Errorf("%w: %w", errUsage, err)
}

// commandLine puts the command serve in front of its options if they come first.
func commandLine(arguments []string) []string {
	if len(arguments) < 2 || !strings.HasPrefix(arguments[1], "-") || slices.Contains([]string{"-h", "--help", "--version"}, arguments[1]) {
		return arguments
	}
	return append([]string{arguments[0], "serve"}, arguments[1:]...)
}

// unsetEmpty unsets our environment variables that are empty.
func unsetEmpty() {
	for _, variable := range os.Environ() {
		if name, value, _ := strings.Cut(variable, "="); strings.HasPrefix(name, "PN_") && value == "" {
			_ = os.Unsetenv(name) // fails only for invalid names
		}
	}
}

// noArguments refuses further arguments, such as a command that does not exist or
// does not come first.
func noArguments(c *cli.Command) error {
	if !c.Args().Present() {
		return nil
	}
	first := c.Args().First()
	if c.Root().Command(first) != nil {
		return fmt.Errorf("%w: unexpected %q: a command comes before its options", errUsage, first)
	}
	return fmt.Errorf("%w: unexpected %q", errUsage, first)
}

// checkAddress checks the value of --addr, or another flag for an address.
func checkAddress(flag, address string) error {
	_, port, err := net.SplitHostPort(address)
	if err == nil {
		_, err = net.LookupPort("tcp", port)
	}
	if err != nil {
		return fmt.Errorf("%w: --%s must be a port after a colon, like :8080, or with an address before it, like 127.0.0.1:8080, not %q", errUsage, flag, address)
	}
	return nil
}

// checkOrigin checks that an origin is in the form that browsers send.
// https://html.spec.whatwg.org/multipage/browsers.html#ascii-serialisation-of-an-origin
func checkOrigin(origin string) error {
	if origin == "*" || origin == "null" {
		return nil
	}
	u, err := url.Parse(origin)
	if err == nil && u.Scheme != "" && u.Hostname() != "" && strings.EqualFold(u.Scheme+"://"+u.Host, origin) && !usualPort(u) {
		return nil
	}
	return fmt.Errorf("%w: --origin must be a scheme and a host, with a port unless it is the usual one, and no slash after it, like https://example.org or http://localhost:3000, not %q", errUsage, origin)
}

func usualPort(u *url.URL) bool {
	return u.Scheme == "http" && u.Port() == "80" || u.Scheme == "https" && u.Port() == "443"
}

// checkICEServer checks that peers can use an ICE server. pion checks most of it.
func checkICEServer(s wire.ICEServer) error {
	for _, text := range s.URLs {
		scheme, rest, _ := strings.Cut(text, ":")
		if strings.HasPrefix(scheme, "turn") && (s.Username == "" || s.Credential == "") {
			return fmt.Errorf("%w: --ice-server %s needs --ice-username and --ice-credential, or --turn-secret-file", errUsage, text)
		}
		u, err := url.Parse("//" + rest)
		switch {
		case err != nil:
		case strings.HasPrefix(scheme, "stun") && u.RawQuery != "":
			err = errors.New("STUN has no transport to choose") // pion accepts it, a browser does not
		case u.Port() != "":
			_, err = net.LookupPort("udp", u.Port())
		}
		var pc *webrtc.PeerConnection
		if err == nil {
			pc, err = webrtc.NewPeerConnection(webrtc.Configuration{
				ICEServers: []webrtc.ICEServer{{URLs: []string{text}, Username: s.Username, Credential: s.Credential}},
			})
		}
		if err != nil {
			return fmt.Errorf("%w: --ice-server must be a URL like stun:stun.example.org:3478 or turn:turn.example.org:3478?transport=tcp, not %q (%w)", errUsage, text, err)
		}
		_ = pc.Close()
	}
	return nil
}

// checkServer checks the value of --server, as far as nothing else does.
func checkServer(server string) error {
	u, err := url.Parse(server)
	if err == nil && u.Port() != "" {
		_, err = net.LookupPort("tcp", u.Port())
	}
	switch {
	case err != nil:
		return fmt.Errorf("%w: --server must be a URL like http://localhost:8080: %w", errUsage, err)
	case u.User != nil:
		return fmt.Errorf("%w: --server must not have a user or a password in it: the relay asks for none", errUsage)
	default:
		return nil
	}
}

// checkIdentity checks the room, role and key of a peer.
func checkIdentity(room string, role wire.Role, key string) error {
	if !wire.ValidRoom(room) {
		return fmt.Errorf("%w: --room "+wire.RoomRule+", not %q", errUsage, room)
	}
	if !wire.ValidRole(role) {
		return fmt.Errorf("%w: --role "+wire.RoleRule+", not %q", errUsage, role)
	}
	if key != "" && !wire.ValidKey(key) {
		return fmt.Errorf("%w: --key "+wire.KeyRule, errUsage)
	}
	return nil
}

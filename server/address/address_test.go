package address_test

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"perfect-negotiation/server/address"
)

func TestOf(t *testing.T) {
	trusted := []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("10.1.0.0/16"), netip.MustParsePrefix("2001:db8:1::/48")}
	for name, tt := range map[string]struct {
		trusted   []netip.Prefix
		peer      string
		forwarded []string
		want      string // empty: not counted
	}{
		"no proxy":                            {nil, "192.0.2.1:5000", nil, "192.0.2.1"},
		"no proxy, IPv6 with a zone":          {nil, "[fe80::1%eth0]:5000", nil, "fe80::1"},
		"IPv4 as IPv6":                        {nil, "[::ffff:192.0.2.1]:5000", nil, "192.0.2.1"},
		"loopback":                            {nil, "127.0.0.1:5000", nil, "127.0.0.1"},
		"nobody is trusted":                   {nil, "192.0.2.1:5000", []string{"198.51.100.1"}, "192.0.2.1"},
		"a proxy on loopback nobody knows of": {nil, "127.0.0.1:5000", []string{"198.51.100.1"}, ""},
		"a Unix socket":                       {nil, "@", nil, ""},
		"the peer is not trusted":             {trusted, "192.0.2.1:5000", []string{"198.51.100.1"}, "192.0.2.1"},
		"one proxy":                           {trusted, "127.0.0.1:5000", []string{"198.51.100.1"}, "198.51.100.1"},
		"what the client wrote":               {trusted, "127.0.0.1:5000", []string{"203.0.113.9, 198.51.100.1"}, "198.51.100.1"},
		"in two headers":                      {trusted, "127.0.0.1:5000", []string{"203.0.113.9", "198.51.100.1"}, "198.51.100.1"},
		"two proxies":                         {trusted, "127.0.0.1:5000", []string{"203.0.113.9, 198.51.100.1,10.1.2.3"}, "198.51.100.1"},
		"a proxy over IPv6":                   {trusted, "[2001:db8:1::5]:80", []string{"2001:db8:2::1"}, "2001:db8:2::1"},
		"with a port":                         {trusted, "127.0.0.1:5000", []string{"198.51.100.1:1234"}, "198.51.100.1"},
		"IPv6 with a port":                    {trusted, "127.0.0.1:5000", []string{"[2001:db8:2::1]:1234"}, "2001:db8:2::1"},
		"IPv6 in brackets":                    {trusted, "127.0.0.1:5000", []string{"[2001:db8:2::1]"}, "2001:db8:2::1"},
		"from inside":                         {trusted, "127.0.0.1:5000", []string{"10.1.7.7, 10.1.2.3"}, "10.1.7.7"},
		"no header":                           {trusted, "127.0.0.1:5000", nil, "127.0.0.1"},
		"an empty header":                     {trusted, "127.0.0.1:5000", []string{""}, "127.0.0.1"},
		"unknown":                             {trusted, "127.0.0.1:5000", []string{"198.51.100.1, unknown, 10.1.2.3"}, "10.1.2.3"},
	} {
		t.Run(name, func(t *testing.T) {
			r := address.Resolver{Trusted: tt.trusted}
			got := r.Of(&http.Request{RemoteAddr: tt.peer, Header: http.Header{"X-Forwarded-For": tt.forwarded}})
			if tt.want == "" && got.IsValid() || tt.want != "" && got.String() != tt.want {
				t.Errorf("it is %v, want %s", got, tt.want)
			}
		})
	}
}

// The log says once that a proxy is not trusted, and how to trust it.
func TestWarning(t *testing.T) {
	var log bytes.Buffer
	r := address.Resolver{Logger: slog.New(slog.NewTextHandler(&log, nil))}
	for range 3 {
		r.Of(&http.Request{RemoteAddr: "[::1]:5000", Header: http.Header{"X-Forwarded-For": {"198.51.100.1"}}})
	}
	if text := log.String(); strings.Count(text, "\n") != 1 || !strings.Contains(text, "--trusted-proxy ::1") || strings.Contains(text, "198.51.100.1") {
		t.Errorf("the log is %q", text)
	}
}

func TestAccount(t *testing.T) {
	for from, want := range map[string]string{
		"192.0.2.77":                    "192.0.2.77",
		"2001:db8:1:2:3:4:5:6":          "2001:db8:1:2::",
		"2001:db8:1:2:ffff:ffff:ffff:1": "2001:db8:1:2::",
		"::1":                           "::",
	} {
		if got := address.Account(netip.MustParseAddr(from)); got.String() != want {
			t.Errorf("%s is counted as %s, want %s", from, got, want)
		}
	}
	if address.Account(netip.Addr{}).IsValid() {
		t.Error("nobody is counted")
	}
}

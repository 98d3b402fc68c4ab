package turn

import (
	"crypto/tls"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
)

// The URLs are those that a browser takes.
func TestURLs(t *testing.T) {
	s := serve(t, Config{TLS: &tls.Config{}})
	s.config.PublicIPs = append(s.config.PublicIPs, netip.MustParseAddr("2001:db8::1"))
	got := append(s.STUN(), s.TURN("example.org")...)
	want := []string{
		"stun:127.0.0.1:PORT", "stun:[2001:db8::1]:PORT",
		"turn:127.0.0.1:PORT?transport=udp", "turn:[2001:db8::1]:PORT?transport=udp",
		"turn:127.0.0.1:PORT?transport=tcp", "turn:[2001:db8::1]:PORT?transport=tcp",
		"turns:example.org:PORT?transport=tcp",
	}
	for i, url := range want {
		want[i] = strings.ReplaceAll(url, "PORT", fmt.Sprint(s.Port()))
	}
	if !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

// A server says what is wrong with its configuration.
func TestConfigIsChecked(t *testing.T) {
	ip, secret := []netip.Addr{loopback}, NewSecret()
	for words, config := range map[string]Config{
		"no public address": {Secret: secret},
		"no secret":         {PublicIPs: ip},
		"one public":        {PublicIPs: append(ip, netip.MustParseAddr("127.0.0.2")), Secret: secret},
		"no address at":     {PublicIPs: []netip.Addr{netip.IPv4Unspecified()}, Secret: secret},
		"no range":          {PublicIPs: ip, Secret: secret, MinPort: 2, MaxPort: 1},
		"listen":            {PublicIPs: ip, Secret: secret, Address: "127.0.0.1:x"},
	} {
		if s, err := New(config); err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("%s: %v, %v", words, s, err)
		}
	}
}

package turn

import (
	"net/netip"
	"testing"
)

func TestSpecial(t *testing.T) {
	for text, want := range map[string]bool{
		"0.0.0.0": true, "0.1.2.3": true, "10.0.0.1": true, "100.64.0.1": true, "100.127.255.255": true,
		"127.0.0.1": true, "127.255.0.1": true, "169.254.169.254": true, "172.16.0.1": true, "172.31.255.255": true,
		"192.0.0.8": true, "192.0.2.1": true, "192.31.196.1": true, "192.52.193.1": true, "192.88.99.1": true,
		"192.168.1.1": true, "192.175.48.1": true, "198.18.0.1": true, "198.19.255.255": true, "198.51.100.1": true,
		"203.0.113.1": true, "224.0.0.1": true, "239.255.255.255": true, "240.0.0.1": true, "255.255.255.255": true,

		"::": true, "::1": true, "::7f00:1": true, "::ffff:127.0.0.1": true, "::ffff:8.8.8.8": true,
		"64:ff9b::8.8.8.8": true, "64:ff9b:1::1": true, "100::1": true, "100:0:0:1::1": true, "2001::1": true,
		"2001:10::1": true, "2001:1ff:ffff::1": true, "2001:db8::1": true, "2002:7f00:1::1": true, "2620:4f:8000::1": true,
		"3fff::1": true, "5f00::1": true, "fc00::1": true, "fd12::1": true, "fe80::1": true, "fe80::1%eth0": true,
		"fec0::1": true, "ff02::1": true, "2606:4700::1%eth0": true,

		"1.0.0.1": false, "8.8.8.8": false, "9.255.255.255": false, "11.0.0.0": false, "100.63.255.255": false,
		"100.128.0.0": false, "172.15.255.255": false, "172.32.0.0": false, "192.0.1.0": false, "192.167.255.255": false,
		"198.17.255.255": false, "198.20.0.0": false, "223.255.255.255": false,
		"2001:200::1": false, "2003::1": false, "2606:4700::1": false, "2a00:1450::1": false, "2620:4f:8001::1": false,
	} {
		if got := Special(netip.MustParseAddr(text)); got != want {
			t.Errorf("%s: %t", text, got)
		}
	}
	if !Special(netip.Addr{}) {
		t.Error("no address is one of the internet")
	}
}

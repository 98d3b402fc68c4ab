package main

import (
	"encoding/json"
	"fmt"
	"testing"
)

// Messages are JSON of the size that they are measured at, and the time in them is where
// who hears them looks for it.
func TestMessage(t *testing.T) {
	for _, size := range []int{300, 3 << 10, 16 << 10} {
		for name, d := range map[string]dialect{"ours": ours, "PeerJS": peerJS} {
			t.Run(fmt.Sprint(name, size), func(t *testing.T) {
				text, stamp := d.message("abcdefghij234567", size)
				if len(text) != size || !json.Valid(text) {
					t.Errorf("%d bytes: %s", len(text), text)
				}
				if key := string(text[stamp-len(stampKey) : stamp]); key != stampKey || string(text[stamp:stamp+stampSize]) != "0000000000000000" {
					t.Errorf("the time is at %q", text[stamp-len(stampKey):])
				}
			})
		}
	}
}

// No limit of one address decides what a crowd may do, and attackers have addresses of
// their own.
func TestSources(t *testing.T) {
	clients := map[string]int{}
	for n := range 2 * full {
		clients[source(n).String()]++
	}
	for address, n := range clients {
		if n > perAddress {
			t.Errorf("%d clients have the address %s", n, address)
		}
	}
	for n := range sockets {
		if address := host(n).String(); clients[address] != 0 {
			t.Errorf("%s is that of a client, too", address)
		}
	}
}

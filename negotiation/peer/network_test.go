package peer

import "testing"

func TestOnThisMachine(t *testing.T) {
	for server, want := range map[string]bool{
		"http://localhost:8080": true, "https://LocalHost.": true, "http://pn.localhost": true,
		"http://127.0.0.1:8080": true, "ws://127.9.9.9": true, "http://[::1]:8080": true, "http://[::ffff:127.0.0.1]": true,
		"": false, "http://localhost.example.org": false, "http://192.0.2.1": false, "http://[2001:db8::1]": false,
		"http://example.org/localhost": false, "http://0.0.0.0": false, "%": false,
	} {
		if got := onThisMachine(server); got != want {
			t.Errorf("%q: %t", server, got)
		}
	}
}

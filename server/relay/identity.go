package relay

import (
	"crypto/rand"
	"strings"

	"perfect-negotiation/negotiation/signaling/wire"
)

// identity returns the id of the client that offers these WebSocket
// subprotocols: a fingerprint of its key, or of a fresh one if it has none.
func identity(protocols []string) (id string, refused *wire.Error) {
	key := rand.Text()
	found := false
	for _, p := range protocols {
		k, ok := strings.CutPrefix(p, wire.KeyPrefix)
		if !ok {
			continue
		}
		if found || !wire.ValidKey(k) {
			return "", errBadKey
		}
		key, found = k, true
	}
	return wire.Identity(key), nil
}

package relay

import (
	"crypto/rand"
	"strings"

	"perfect-negotiation/negotiation/signaling/identity"
	"perfect-negotiation/negotiation/signaling/wire"
)

// idOf returns the id of the client that offers these WebSocket
// subprotocols: a fingerprint of its key, or of a fresh one if it has none.
func idOf(protocols []string) (id string, refused *wire.Error) {
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
	return identity.Of(key), nil
}

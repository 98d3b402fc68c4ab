package relay

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"strings"

	"perfect-negotiation/negotiation/signaling/wire"
)

const idBytes = 10 // 80 bits: 16 characters

var idEncoding = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

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
	sum := sha256.Sum256([]byte(key))
	return idEncoding.EncodeToString(sum[:idBytes]), nil
}

package wire

import (
	"crypto/sha256"
	"encoding/base32"
)

const idBytes = 10 // 80 bits: 16 characters

var idEncoding = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// Identity returns the id of the client with a key: a fingerprint, from which nobody finds
// the key.
func Identity(key string) string {
	sum := sha256.Sum256([]byte(key))
	return idEncoding.EncodeToString(sum[:idBytes])
}

// Package identity has the ids by which a relay, and any other transport that likes to,
// names its clients. It is apart from package wire because the page's program needs no
// hashes.
package identity

import (
	"crypto/sha256"
	"encoding/base32"
)

const idBytes = 10 // 80 bits: 16 characters

var encoding = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// Of returns the id of the client with a key: a fingerprint, from which nobody finds the
// key.
func Of(key string) string {
	sum := sha256.Sum256([]byte(key))
	return encoding.EncodeToString(sum[:idBytes])
}

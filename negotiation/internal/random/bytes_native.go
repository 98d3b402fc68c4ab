//go:build !js

package random

import "crypto/rand"

// Bytes returns n bytes.
func Bytes(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	return b
}

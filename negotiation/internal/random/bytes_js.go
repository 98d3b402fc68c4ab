package random

import "syscall/js"

// Bytes returns n bytes, at most 65,536. Every browser has them, on pages over plain
// http, too.
// https://www.w3.org/TR/webcrypto/#Crypto-method-getRandomValues
func Bytes(n int) []byte {
	array := js.Global().Get("Uint8Array").New(n)
	js.Global().Get("crypto").Call("getRandomValues", array)
	b := make([]byte, n)
	js.CopyBytesToGo(b, array)
	return b
}

package relay

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"
)

// BenchmarkPeek compares peek with what it replaces: a mere check of the
// message by encoding/json.
func BenchmarkPeek(b *testing.B) {
	const line = `a=rtpmap:111 opus/48000/2\r\n`
	for _, size := range []int{300, 3 << 10} {
		message := []byte(`{"description":{"type":"offer","sdp":"` + strings.Repeat(line, size/len(line)) + `"},"to":"abcdefghij234567"}`)
		b.Run(fmt.Sprintf("peek/%dB", size), func(b *testing.B) {
			b.SetBytes(int64(len(message)))
			for b.Loop() {
				if _, err := peek(message); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(fmt.Sprintf("json.Valid/%dB", size), func(b *testing.B) {
			b.SetBytes(int64(len(message)))
			for b.Loop() {
				if !utf8.Valid(message) || !json.Valid(message) {
					b.Fatal("invalid")
				}
			}
		})
	}
}

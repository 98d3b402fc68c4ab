package relay_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/gorilla/websocket"

	"perfect-negotiation/server/relay"
)

// BenchmarkRelay measures how long a message takes from one peer to another
// while many are in flight. Both peers run here, too.
func BenchmarkRelay(b *testing.B) {
	for _, size := range []int{300, 3 << 10} {
		b.Run(fmt.Sprintf("%dB", size), func(b *testing.B) {
			s := serve(b, relay.Config{BytesPerSecond: 1 << 40, BytesPerAddress: 1 << 40, MessagesPerAddress: 1 << 40})
			sender, receiver := s.pair("r")
			head := `{"to":"` + receiver.id + `","candidate":"`
			message := []byte(head + strings.Repeat("x", size-len(head)-2) + `"}`)
			window := make(chan struct{}, 32) // in flight: too few to be evicted for
			b.SetBytes(int64(size))
			b.ReportAllocs()
			b.ResetTimer()
			go func() {
				for range b.N {
					window <- struct{}{}
					if sender.ws.WriteMessage(websocket.TextMessage, message) != nil {
						return
					}
				}
			}()
			for range b.N {
				if _, _, err := receiver.ws.ReadMessage(); err != nil {
					b.Fatal(err)
				}
				<-window
			}
		})
	}
}

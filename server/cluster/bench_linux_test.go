package cluster_test

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// BenchmarkMessage measures a message from one peer to another while many are in flight:
// both on one node of a cluster, and on two. Peers, nodes and NATS run here.
func BenchmarkMessage(b *testing.B) {
	for _, size := range []int{300, 3 << 10} {
		for _, spanning := range []bool{false, true} {
			name := fmt.Sprintf("%dB/one", size)
			if spanning {
				name = fmt.Sprintf("%dB/two", size)
			}
			b.Run(name, func(b *testing.B) {
				broker := startBroker(b)
				owner := broker.node("owner")
				other := owner
				if spanning {
					other = broker.node("edge")
				}
				sender, _ := owner.join("", "room", "r")
				receiver, _ := other.join("", "room", "r")
				sender.expectJoined(receiver.id)
				head := `{"to":"` + receiver.id + `","candidate":"`
				message := []byte(head + strings.Repeat("x", size-len(head)-2) + `"}`)
				window := make(chan struct{}, 32) // in flight
				before := processTime(b)
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
				b.ReportMetric(float64((processTime(b)-before).Microseconds())/float64(b.N), "µs-CPU/op")
			})
		}
	}
}

// processTime returns the time that this process has had of the processors.
func processTime(t testing.TB) time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		t.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

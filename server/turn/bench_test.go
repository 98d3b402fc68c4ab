package turn

import (
	"testing"
	"time"
)

// BenchmarkRelay measures a packet of 1,200 bytes on its way from one client over two
// allocations to another.
func BenchmarkRelay(b *testing.B) {
	for _, over := range []string{"udp", "tcp"} {
		b.Run(over, func(b *testing.B) {
			unlimited := Limit{Bytes: 1 << 40}
			s := serve(b, Config{PerID: unlimited, PerAddress: unlimited, InAll: unlimited})
			_, from := s.must(b, over, "a")
			_, to := s.must(b, over, "b")
			reach(b, from, to)
			packet, buffer := make([]byte, 1200), make([]byte, maxPacket)
			_ = to.SetReadDeadline(time.Time{}) // never fails
			b.SetBytes(int64(len(packet)))
			for b.Loop() {
				if _, err := from.WriteTo(packet, to.LocalAddr()); err != nil {
					b.Fatal(err)
				}
				if _, _, err := to.ReadFrom(buffer); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

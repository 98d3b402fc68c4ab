// Package heap tells tests what an attack leaves in memory.
package heap

import "runtime"

// noise is what pools make of a small heap, in bytes.
const noise = 256 << 10

// InUse returns the bytes in use after all garbage is collected, and the pools are empty.
func InUse() uint64 {
	for range 3 {
		runtime.GC()
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// Back returns the bytes in use now, and whether they are those of before, but for 10 %
// or noise.
func Back(before uint64) (now uint64, ok bool) {
	now = InUse()
	return now, now <= before+max(before/10, noise)
}

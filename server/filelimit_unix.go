//go:build unix

package main

import (
	"math"
	"syscall"
)

// fileLimit is how many files the process may open; package os has raised that as far
// as it may.
func fileLimit() int {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil || limit.Cur > math.MaxInt32 {
		return math.MaxInt32
	}
	return int(limit.Cur)
}

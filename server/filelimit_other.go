//go:build !unix

package main

import "math"

// fileLimit is how many files the process may open: there is no limit here.
func fileLimit() int { return math.MaxInt32 }

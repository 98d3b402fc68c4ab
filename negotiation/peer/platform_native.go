//go:build !js

package peer

// platformRank returns the rank of what this program runs on.
func platformRank() int { return RankNative }

// platformServer returns the URL of the relay that a program has which names none.
func platformServer() string { return "" }

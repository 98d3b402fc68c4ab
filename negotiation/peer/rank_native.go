//go:build !js

package peer

// platformRank returns the rank of what this program runs on.
func platformRank() int { return RankNative }

package peer

import (
	"fmt"
	"strings"

	"perfect-negotiation/negotiation/signaling/wire"
	"perfect-negotiation/negotiation/trace"
)

// Ranks of the kinds of peer: of two, the higher is polite. A Peer has that of its
// platform unless its Config states another.
const (
	RankChromium = 0
	RankBrowser  = 1
	RankFirefox  = 2
	RankNative   = 3
)

// polite reports whether me is the polite one of two members of a room.
func polite(me, other wire.Member) (bool, error) {
	switch {
	case me.Role != "" && me.Role == other.Role:
		return false, trace.Because(trace.SameRole, fmt.Errorf("both peers ask to be %s", me.Role))
	case me.Role != "":
		return me.Role == wire.Polite, nil
	case other.Role != "":
		return other.Role == wire.Impolite, nil
	case me.Rank == nil || other.Rank == nil:
		return false, trace.Because(trace.NoRole, fmt.Errorf("it states neither role nor rank; have it add role=%s or role=%s to its WebSocket URL", wire.Polite, wire.Impolite))
	case *me.Rank != *other.Rank:
		return *me.Rank > *other.Rank, nil
	}
	return strings.Compare(me.ID, other.ID) < 0, nil
}

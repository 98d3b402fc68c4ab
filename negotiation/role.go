package negotiation

import "perfect-negotiation/negotiation/signaling/wire"

// Role says what a peer does when offers collide. Of two, exactly one is polite.
type Role = wire.Role

// The roles; empty means that none is stated.
const (
	Polite   = wire.Polite   // takes its own offer back
	Impolite = wire.Impolite // ignores the other's
)

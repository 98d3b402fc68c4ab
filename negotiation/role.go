package negotiation

import "perfect-negotiation/negotiation/signaling/wire"

// Role decides what a peer does when offers collide. Exactly one of two peers is
// polite.
type Role = wire.Role

// The roles; the empty Role means that none is stated.
const (
	Polite   = wire.Polite   // rolls back its own offer
	Impolite = wire.Impolite // ignores the other peer's offer
)

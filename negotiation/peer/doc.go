// Package peer joins a room and pairs with whoever is there: one
// PeerConnection, negotiated by package negotiation, per remote peer, with chat
// over data channels. A browser tab and a native process run the same code.
//
// # Who is polite
//
// Exactly one of a pair is, and both compute it from what the relay told both:
//
//  1. An explicit role. One explicit role gives the other side the opposite; the
//     relay refuses two equal ones.
//  2. Else the higher rank is polite: 0 Chromium, 1 other browsers, 2 Firefox,
//     3 native pion. A polite peer gathers candidates later if it offers first,
//     which costs a native peer nothing.
//  3. On a tie the smaller id is polite.
//
// A peer with neither role nor rank is a page that knows nothing of this, and is
// not paired.
//
// # Sessions
//
// On meeting, two peers send each other a hello with a session. The pairing of
// two sessions has one PeerConnection on each side. A new session of the other
// side (its page was reloaded, its process restarted, its connection given up)
// ends the pairing and begins a new one; what still arrives from the old one is
// dropped. Peers without sessions are paired when they join.
package peer

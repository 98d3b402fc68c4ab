// Package signaling carries [negotiation.Message]s between peers through the
// relay: a frame as a value, and a client that compiles natively and to WASM. What
// travels is described in package
// [perfect-negotiation/negotiation/signaling/wire].
//
// # Sessions
//
// A peer that states a rank speaks sessions. Two sessions are bound to each other
// before they exchange messages, and then each message is delivered exactly once
// and in order, whatever the relay loses or repeats: see package link, whose
// testdata has conversations for those who write another client. bye needs s and
// r, and no seq. A message whose r is not the receiver's session belongs to another
// life of one of the two and is dropped. A peer that states a role but no rank is
// taken for a plain page: it needs none of s, r, seq, ack, hello and bye, and what
// is lost is lost.
//
// # Signs of life
//
// A client that has heard nothing for 5 s sends itself a message, and gives the
// connection up if nothing comes within 8 s. It connects again, at once when
// [Client.Check] is called, also if it dials already but not more often than once a
// second, and else after a while: that grows to 2 s, and after 12 tries it is 10 s.
package signaling

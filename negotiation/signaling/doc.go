// Package signaling carries [negotiation.Message]s between peers through the
// relay. An [Envelope] is one frame; a [Client] compiles natively and to WASM.
// Package [perfect-negotiation/negotiation/signaling/wire] describes the wire
// format.
//
// # Sessions
//
// A peer that states a rank speaks sessions. Two sessions are bound to each other
// before they exchange messages. From then on each message is delivered exactly
// once and in order, whatever the relay loses or repeats: see package link, whose
// testdata has conversations for authors of other clients. bye needs s and r, and
// no seq. A message whose r is not the receiver's session belongs to another life
// of one of the two and is dropped. A peer that states a role but no rank is taken
// for a plain page. It needs none of s, r, seq, ack, hello and bye, and lost
// messages are not sent again.
//
// # Signs of life
//
// A client that has heard nothing for 5 s sends itself a message. If nothing comes
// within another 8 s, it gives the connection up and reconnects after a delay. The
// delay grows to 2 s; after 12 tries it is 10 s. [Client.Check] makes it reconnect
// at once, even during a dial, but at most once a second. A relay that shuts down says
// when to come back, so that not all clients come at once; up to a minute is obeyed.
package signaling

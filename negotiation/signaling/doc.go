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
//
// # Another client
//
// A client in another language, like web/client.mjs in JavaScript, pairs with ours if it
// does the following. It states a key and a rank, and computes the roles as package peer
// documents.
//
// It has an end of a link for each peer in the room, and sends what that returns after each
// message sent or received. It calls Again when it or the peer has connected to the relay,
// and while the end is not idle and the peer is there: after 0.5 s, then each time after
// twice as long, up to 15 s, and from 0.5 s on again when something was acknowledged.
// It calls Acknowledge 50 ms after an acknowledgement is owed. A random fifth more or less
// keeps clients apart.
//
// A binding begins a new PeerConnection and ends the one before. With one peer that happens
// at most once a second, and with all 8 times in 2 s; until then greetings are dropped as
// hasty. After bye, Renew is called, and the greeting waits for the next reason to send. A
// greeting with too low a protocol ends it all, without an answer.
//
// A polite peer holds its offer, see "No rollback" in package negotiation. An impolite one
// drops an offer that collides, and all candidates up to the next description that it
// applies. Candidates with a usernameFragment that is not in the remote description are
// dropped, too: Chromium would use them. An offer puts the section that carries the
// transport first in the BUNDLE group: the first of the last answer that is still there, or
// in a first offer that of data channels, because pion cannot change its transport. It
// keeps the ids that header extensions had. An answer repeats the DTLS role of the first one.
//
// When the connection has failed, or was disconnected for 3 s, the impolite peer restarts
// ICE, and the polite one sends the request for it; again after 5, 10 and 20 s. If none of
// three helps, or anything else cannot go on, Renew is called, which leads to a new
// PeerConnection. The same goes for an offer that was refused, because its sender waits for
// an answer. After 5 connections in a row that failed, a client waits until the other side
// comes again. While the peer cannot be reached over the relay, it waits with all of this.
// It forgets a peer that for 10 s was neither in the room nor connected.
package signaling

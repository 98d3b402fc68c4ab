// Package wire is what the relay, its clients and the page agree on.
//
// # The wire
//
// A peer opens a WebSocket at
//
//	GET /ws?room=R[&role=polite|impolite][&rank=N][&dial=NAME.N][&protocol=N]
//
// and exchanges text frames, each one JSON object of at most 64 KB. R is the room's
// name, 1 to 64 characters without control characters and not only spaces; N of rank
// is from 0 to 1000. NAME.N of dial is a name of at most 32 bytes that a client gives
// itself, and the number of the dial: of two with the same key and name the relay
// keeps the one with the higher number, as what a client gave up may arrive after what
// it dialled then. Secrets travel as WebSocket subprotocols and never in the URL: "pn"
// is the one that the relay selects, "pn.key.K" proves an identity (K is 22 to 64
// characters of base64url; the id is a fingerprint of it). Without a key the relay
// gives a fresh identity.
//
//	field        from    to       meaning
//	welcome      relay   peer     you are in: your id, the room, who else is there, ICE servers, protocol
//	joined       relay   peer     a peer came, or came back with the same key
//	left         relay   peer     a peer's connection to the relay is gone
//	error        relay   peer     code and message, see the Code constants
//	to           peer    relay    the id of the one addressee, who may be the sender; absent: everybody else in the room
//	from         relay   peer     who sent this; the relay overwrites what the sender wrote
//	description  peer    peer     {"type","sdp"}, as the W3C sample sends it
//	candidate    peer    peer     an RTCIceCandidateInit, or null: end-of-candidates
//	s            peer    peer     the sender's session, one per life of its RTCPeerConnection
//	r            peer    peer     the session of the addressee, as far as the sender knows it
//	seq          peer    peer     the number of this message between the two sessions, from 1
//	ack          peer    peer     how many messages came in order; absent: s is not bound to r yet
//	hello        peer    peer     the sender wants an answer, on meeting: {"source","version","protocol"}
//	bye          peer    peer     true: the sender leaves, the pairing is over
//	request      peer    peer     "restart": the sender is polite and asks for an offer that restarts ICE;
//	                              of more than one a second and a few at once the others wait, and become one;
//	                              "offer": it asks for any offer, at most once a second
//
// The relay passes fields that it does not know through untouched, so peers
// may add their own. What is not one JSON object in valid UTF-8, at most 64
// deep, or has a field of the relay, is refused with an error. Of a repeated
// field the relay takes the last; "From" and "To" in other letter case are
// removed and refused. With from a frame may be a little larger than 64 KB.
//
// The errors after which the relay closes the connection, with the close code:
//
//	bad-room, bad-role, bad-rank, bad-key, bad-protocol    4400
//	slow                                                   4408
//	role-taken, room-full                                  4409
//	replaced                                               4410
//	too-large                                              1009
//	shutdown                                               1012
//
// A client need not connect again after replaced and the bad- ones, which will come
// again, and after role-taken and room-full if it was never in the room.
//
// # The protocol's number
//
// A client states a number to the relay in its query, the relay to a client in
// welcome, a peer to a peer in hello. Numbers are stated, not negotiated. Absent, or
// not a whole number, it is 1, which all spoke before there was a number. Peers ask a
// plain page for none.
//
// The number grows only when those who do not know what is new must be told apart: a
// field that can be ignored needs no new number, because everybody ignores the fields
// that they do not know. A number above one's own is never refused, because its sender
// knows what the lower one means and refuses it if that is too little; the trace notes
// it, once a connection to the relay or a pairing. A number below [MinProtocol] is
// refused with bad-protocol:
//
//   - The relay refuses such a client before it is in the room.
//   - A client leaves such a relay and does not connect again.
//   - A peer does not answer such a peer, so that neither is paired, and drops what it
//     says until one of the two connects to the relay again.
//
// MinProtocol follows Protocol one release later at the earliest: a page that is open
// while the relay is updated must still get on with it. Protocol 1 is all of the above.
package wire

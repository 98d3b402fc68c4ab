// Package wire is the contract between the relay, its clients and the page.
//
// # The wire
//
// A peer opens a WebSocket at
//
//	GET /ws?room=R[&role=polite|impolite][&rank=N][&dial=NAME.N][&protocol=N]
//
// and exchanges text frames, each one JSON object of at most 64 KB. R is the room's
// name: 1 to 64 characters, no control characters, not only spaces. The rank is from 0
// to 1000. dial has a name of at most 32 bytes that the client gives itself, and the
// number of the dial: of two dials with the same key and name the relay keeps the one
// with the higher number, because one that the client gave up may arrive after the
// next. Secrets travel as WebSocket subprotocols, never in the URL: "pn" is the one
// that the relay selects, "pn.key.K" proves an identity (K is 22 to 64 characters of
// base64url; the id is a fingerprint of it). Without a key the relay gives a fresh
// identity. "pn.token.T" shows a token, where the relay wants one; what it may say is
// the relay's matter. "pn.ticket.T" shows the last ticket that a welcome had: with the
// same key it lets the peer into the same room again, also when its token has expired and
// the relay has started anew. A ticket that is of no use does no harm.
//
//	field        from    to       meaning
//	welcome      relay   peer     you are in: your id, the room, your role if you have one, which a token may have given you,
//	                              the room's other peers, the ICE servers, the protocol, the program's version, and
//	                              maybe a ticket, which takes the place of the one before
//	joined       relay   peer     a peer came, or came back with the same key
//	left         relay   peer     a peer's connection to the relay is gone
//	iceServers   relay   peer     the ICE servers from now on, because credentials in the former ones expire
//	error        relay   peer     code and message, see the Code constants; with shutdown also retryAfter: the seconds
//	                              after which to come back, which are other ones for each client
//	to           peer    relay    the id of the addressee, which may be the sender; absent: all others in the room
//	from         relay   peer     the id of the sender; the relay overwrites what the sender wrote
//	description  peer    peer     {"type","sdp"}, as the W3C sample sends it
//	candidate    peer    peer     an RTCIceCandidateInit, or null: end-of-candidates
//	s            peer    peer     the sender's session, one per life of its RTCPeerConnection
//	r            peer    peer     the session of the addressee, as far as the sender knows it
//	seq          peer    peer     the number of this message between the two sessions, from 1
//	ack          peer    peer     how many messages were received in order; absent: s is not bound to r yet
//	hello        peer    peer     a greeting, to be answered: {"source","version","protocol","trace"};
//	                              trace is true: the sender takes the other side's trace of the pairing,
//	                              and tells its own, on a data channel "trace" (see below)
//	bye          peer    peer     true: the sender leaves, the pairing is over
//	request      peer    peer     "restart": the sender is polite and asks for an offer that restarts ICE;
//	                              "offer": it asks for any offer; beyond a few at once and one a second,
//	                              requests wait and become one
//	refused      peer    peer     {"code","message"}: an offer of the addressee was refused; sent to plain pages,
//	                              now and then, and never answered
//
// The relay passes unknown fields through untouched, so peers may add their
// own. It refuses a frame with an error unless that is one JSON object in valid
// UTF-8, at most 64 deep, without fields that only the relay sends. Of a
// repeated field the last counts. from is removed in any letter case; to in
// another letter case is refused. With the relay's from, a frame may be a
// little larger than 64 KB.
//
// The relay closes the connection after these errors, with the close code:
//
//	bad-room, bad-role, bad-rank, bad-key, bad-protocol    4400
//	bad-token, token-expired                               4401
//	forbidden                                              4403
//	slow                                                   4408
//	role-taken, room-full                                  4409
//	replaced                                               4410
//	busy                                                   4503
//	too-large                                              1009
//	shutdown                                               1012
//	unavailable                                            1013
//
// Where the relay or the client's address has too many connections or rooms, the relay
// refuses the request over HTTP, with 503 or 429, Retry-After in seconds and the reason
// as text. A page cannot read that, so GET /readyz?join&room=R beside /ws answers in the
// same way, or with 200 if the relay would take the client. A page of a site that may not
// use the relay gets 403 at either.
//
// A client need not reconnect after replaced, forbidden and the bad- errors, which would
// come again, nor after role-taken and room-full if it was never in the room. After
// token-expired it needs a newer token.
//
// # The trace of the other side
//
// If trace is true in both greetings, the polite peer opens a data channel "trace" when
// any other is open. Each message on it is text of at most 16 KB: events of this pairing,
// as lines of JSON of at most 4 KB each (see package trace), with "\n" between them. They
// have no SDP and no chat. At most 64 KB wait to be sent; where more would, there is an
// event of the kind events-lost instead of those that are missing.
//
// # The protocol's number
//
// A client states its number to the relay in the query, the relay to a client in
// welcome, a peer to a peer in hello. Numbers are stated, not negotiated. A number
// that is absent, or not whole, counts as 1, the protocol before there were numbers.
// A plain page needs none.
//
// The number grows only when older programs must be told apart. A field that can be
// ignored needs no new number, because unknown fields are ignored. A number above
// one's own is never refused: its sender knows the lower protocol, and refuses that if
// it is too old. The trace notes it once per connection to the relay or pairing. A
// number below [MinProtocol] is refused with bad-protocol:
//
//   - The relay refuses such a client before it is in the room.
//   - A client leaves such a relay and does not connect again.
//   - A peer does not answer such a peer, so that they are not paired, and drops its
//     messages until one of the two reconnects to the relay.
//
// MinProtocol follows Protocol one release later at the earliest: a page that is open
// while the relay is updated must keep working. Protocol 1 is all of the above.
package wire

// Package negotiation is the W3C perfect negotiation pattern for pion, natively
// and, compiled to WASM, on the browser's own RTCPeerConnection. Two peers may
// both offer at any moment. When their offers collide, the polite peer rolls back its
// own, the impolite peer ignores the other's, and nothing is lost.
//
// # Use
//
// Give [Attach] a PeerConnection and a function that sends; pass what arrives to
// [Session.Receive]; change the connection inside [Session.Do]. That is all. Most users
// need nothing else. [Negotiator] is the pattern itself, without goroutine, clock or
// I/O, over the interface [PeerConnection].
//
//   - Exactly one of the two peers must be polite. It does not matter which.
//   - Signalling must deliver each message exactly once and in order. Over anything less
//     no pattern converges: use package call, or start a new PeerConnection if a message
//     is lost.
//   - When the network changes, somebody must restart ICE: see package recovery.
//   - Attach before or after adding tracks and channels, but in the stable state,
//     and leave offers and answers to the Session from then on.
//   - Set OnDataChannel: pion closes incoming channels if it is unset.
//   - After closing a PeerConnection, call SetReadDeadline with a past time on each
//     TrackRemote that you read: if media arrived before the answer that describes it,
//     pion v4.2.26 may leave a read blocked forever. The Session does so itself when a
//     track is removed, so its last read may return os.ErrDeadlineExceeded.
//   - If media may be negotiated first and data channels later, set
//     AlwaysNegotiateDataChannels in the webrtc.Configuration. Between pion and
//     Chromium (156) set it in any case, or never stop a transceiver of the first
//     exchange: the stopped section may be the one that carries the shared transport.
//     Chromium then makes a new transport, pion cannot, and the connection closes.
//
// # What differs from the W3C sample, and why
//
// sample.md shows what breaks the sample, and why this package converges.
//
// The sample's handlers run concurrently and guard themselves with makingOffer
// and isSettingRemoteAnswerPending. Here one method runs at a time, so the
// signaling state alone shows whether an offer collides.
//
// negotiationneeded is a hint. It leads to an offer only in the stable state, and the
// need is checked again on every return to stable. [Session.Renegotiate] and
// [Session.RestartICE] are requests that stay pending until an offer made after them has
// been answered.
//
// An answer without a pending offer is dropped. Candidates of an ignored offer or of
// another generation are dropped without an error; a few that come before any
// description are kept. pranswer is refused, because it cannot be rolled back.
//
// # No rollback
//
// pion has no rollback. Chromium (156) has one that loses state: of the 49 ways in
// which audio, video and data can collide, 30 fail on a fresh connection and 22 on one
// that has negotiated before. A data channel of an offer that was rolled back is not
// offered again, header extensions get ids that Chromium itself refuses, and network
// interfaces that are found between rollback and answer are never used.
//
// So a polite peer holds its offer, natively and in a browser: it sends the offer and
// sets it only when the answer comes (internal/held). Until then there is nothing to
// roll back. The cost: a polite peer that offers first gathers its candidates one round
// trip later. Natively [PoliteConfiguration] avoids that.
//
// Even a dropped offer has side effects. pion keeps the mids it assigned, so new sections
// get mids from this package ("p0", "i0"). A restart of ICE must be requested again.
// pion's negotiation-needed flag is unreliable, so what the connection wants is compared
// with what was negotiated. Chromium keeps header extension ids, which must be unique
// within an offer. An answer repeats the DTLS role of the first one, as Firefox (153) does
// not after an ICE restart.
//
// The direction of a transceiver belongs to the application, as in W3C's API: a remote
// offer is answered and does not change it. pion would change it, and start senders that
// were not negotiated (shown_native.go and senders_native.go in internal/pion). Therefore
// the descriptions that the PeerConnection itself returns may show other directions than
// those exchanged.
//
// A section of a remote offer may take a transceiver that AddTrack made, never one that
// AddTransceiver made (RFC 8829 section 5.10). pion does not record the method: a
// transceiver that sends and receives, and has a track of the application, counts as made
// by AddTrack, also after AddTransceiverFromTrack. If the offer that announced the track
// was dropped, its sender moves to another transceiver, and the first one becomes inactive
// for good, because pion cannot change a mid. So keep the RTPSender, and find its
// transceiver by that.
//
// A track whose codec the other side lacks is not sent, and nothing else breaks. The
// trace reports it ([trace.SendFailed]), and sending is tried again after each exchange.
//
// pion sends a codec under one payload type in all sections, and does not follow if the
// other side changes it. Natively, PayloadTypes renumbers the packets. Without it such a
// track is not sent, and a section that is renumbered while it is sent is rejected
// ([trace.PayloadRenumbered]).
//
// A section that is rejected, or has no codec in common with pion, is hidden from pion,
// which otherwise could not create another offer (shown_native.go).
//
// pion changes its state before it validates, so descriptions are checked before they
// reach it (check.go in internal/sdp, check_native.go in internal/pion). If a connection
// still refuses one and cannot go on, the Session ends with [ErrWedged]: make a new
// PeerConnection.
//
// A refused answer changes nothing, but the other side will not send another by itself.
// So the same offer is sent again: the other side has applied it, and in a different
// offer pion and Chromium would arrange the sections differently. If the answers keep
// being refused, the Session ends with [ErrWedged], too. A refused offer is reported only
// in the trace ([trace.DescriptionRefused]). Its sender waits for an answer, and ignores
// our offers if it is impolite: if no other description comes soon, make a new
// PeerConnection.
//
// # The other side
//
// Everything that the other side sends is checked first, and the work it can cause is
// limited. Its candidates name the addresses that ICE sends packets to: see
// [CandidateRules]. Natively, protect connections with a [Guard]. It also ends the Session
// ([ErrFlood]) before media from ever more sources fill the memory, and limits pion's log.
//
// # Lines of pion
//
// A remark such as pc:823 or sdp.go:611 means that line of peerconnection.go, or of
// the named file, in github.com/pion/webrtc/v4@v4.2.26.
//
// # Migration
//
// For programs that used this package before package trace was split off: [Attach] and
// [NewNegotiator] take a [Role] instead of a bool, and their send returns an error. Event,
// Kind, Level, the kinds (also those of package peer) and Printable are in package trace;
// an Event's Role, State and Code are types of their own. Source is a constant. Rank in
// signaling.Options is a pointer; in package peer nil means the rank of the platform.
//
// # In a browser
//
//   - The Session reads candidates from the JavaScript event, because pion's
//     ToJSON loses mid, line index and ufrag.
//   - pion calls OnMessage handlers out of order if one blocks: append to a queue.
//   - Do and Negotiated block, and so does receiving from Done; an event handler of the
//     browser must not block. Start a goroutine there.
package negotiation

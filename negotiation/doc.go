// Package negotiation is the W3C perfect negotiation pattern for pion, natively
// and, compiled to WASM, on the browser's own RTCPeerConnection. Two peers may
// both offer at any moment; when their offers collide the polite peer takes its
// own back, the impolite one ignores the other's, and nothing is lost.
//
// # Use
//
// Give [Attach] a PeerConnection and a way to send; hand what arrives to
// [Session.Receive]; change the connection inside [Session.Do]. That is all. The
// other names are for a look inside: [Negotiator] is the pattern itself,
// without goroutine, clock or I/O, over the interface [PeerConnection].
//
//   - Of the two peers exactly one must be polite. Which one does not matter.
//   - Signalling must carry each message once, in order, and lose none. Over
//     anything less no pattern converges; begin a new PeerConnection when it breaks.
//   - Attach before or after adding tracks and channels, but in the stable state,
//     and leave offers and answers to the Session from then on.
//   - Set OnDataChannel: pion closes incoming channels if it is unset.
//   - When you have closed a PeerConnection, call SetReadDeadline with a past time on
//     each TrackRemote that you read: pion v4.2.26 may leave one read waiting for ever
//     if media came before the answer that tells of them. The Session does so when a
//     track is taken away, whose last read may return os.ErrDeadlineExceeded therefore.
//   - If the first thing you negotiate may be media, set
//     AlwaysNegotiateDataChannels in the webrtc.Configuration when you will want
//     data channels too. Between pion and Chromium (156) set it in any case or stop
//     no transceiver of the first exchange: the one that was stopped may be the one
//     whose transport all others share, and pion cannot have another: it closes.
//
// # What differs from the W3C sample, and why
//
// sample.md shows what breaks the sample, and why this package converges.
//
// The sample's handlers run concurrently and guard themselves with makingOffer
// and isSettingRemoteAnswerPending. Here one method runs at a time, so the
// signaling state alone says whether an offer collides.
//
// negotiationneeded is a hint. It makes an offer only in stable, and the need is
// looked up again on every return to stable. [Session.Renegotiate] and
// [Session.RestartICE] are wishes: they last until an offer made after them has
// been answered.
//
// An answer that answers no offer is dropped, not applied. Candidates of an
// offer that was ignored, or of another generation, are dropped without an
// error; a few that come before any description are kept. pranswer is refused,
// because it cannot be rolled back.
//
// # No rollback
//
// pion has no rollback. Chromium (156) has one that loses what it touches: of the
// 49 ways in which audio, video and data can collide with each other, 30 fail on
// a fresh connection and 22 on one that has negotiated before. A data channel of
// an offer that was rolled back is not offered again, header extensions get ids
// that Chromium itself refuses, and networks that become known between rollback
// and answer are never used.
//
// So a polite peer holds its offer, natively and in a browser: it sends the offer
// and sets it only when the answer is here (internal/held). Until then there is nothing
// to roll back. What it costs is that a polite peer that offers first gathers its
// candidates one round trip later; natively [PoliteConfiguration] avoids that.
//
// A dropped offer leaves traces all the same. pion keeps mids, so new sections
// get mids of our own ("p0", "i0"); it restarts ICE, which is then asked for
// again; and its negotiation-needed flag is of no use, so what the connection
// wants is compared with what was negotiated. Chromium keeps header extension
// ids, of which no two may be the same in an offer. An answer repeats the DTLS
// role of the first one, which Firefox (153) does not when ICE is restarted.
//
// The direction of a transceiver is the application's, as in W3C: what the other
// side offers is answered and changes nothing here. pion would change it and start
// senders that were not negotiated (shown_native.go and senders_native.go in
// internal/pion). In turn the descriptions that the PeerConnection itself shows may
// say other directions than those that were exchanged.
//
// A track in a codec that the other side does not have is not sent, and no more
// is broken: the trace tells of it ([trace.SendFailed]), and it is tried again after each
// exchange.
//
// A section that is rejected, or of which pion has no codec, is kept from pion,
// which could make no offer any more (shown_native.go).
//
// pion changes its state before it validates, so a description is looked at before
// it gets there (check.go in internal/sdp, check_native.go in internal/pion). If a
// connection refuses it all the same and cannot go on, the Session ends with
// [ErrWedged]: make a new PeerConnection.
//
// An answer that is refused changes nothing, but no other comes by itself. So the
// offer is sent again, as it was: the other side has applied that one, and pion
// and Chromium would put other sections into another. Where the answer is refused
// time and again, the Session ends with [ErrWedged], too. A refused offer is reported
// only in the trace ([trace.DescriptionRefused]). Its sender waits for an answer, and ignores
// our offers if it is the impolite one: if no other description comes soon, make a new
// PeerConnection.
//
// # The other side
//
// Whatever the other side sends is looked at first, and what it can have this side do
// has bounds. Its candidates name the addresses that ICE sends packets to: see
// [CandidateRules]. Natively make connections with a [Guard], which also ends the Session
// ([ErrFlood]) before media from ever new sources fill the memory, and keeps pion's log
// short.
//
// # Lines of pion
//
// A remark such as pc:823 or sdp.go:611 means that line of peerconnection.go, or of
// the named file, in github.com/pion/webrtc/v4@v4.2.26.
//
// # Moved and changed
//
// For programs that used this package before it had trace below it: [Attach] and
// [NewNegotiator] take a [Role] instead of a bool, and their send returns an error. Event,
// Kind, Level, the kinds (also those of package peer) and Printable are in package trace;
// an Event's Role, State and Code are types of their own. Source is a constant. Rank in
// signaling.Options is a pointer, and nil is the rank of the platform in package peer.
//
// # In a browser
//
//   - The Session reads candidates from the JavaScript event, because pion's
//     ToJSON loses mid, line index and ufrag.
//   - pion's OnMessage keeps no order if the handler blocks: append to a queue.
//   - Do, Negotiated and Done wait; a handler of the browser must not. Start a
//     goroutine there.
package negotiation

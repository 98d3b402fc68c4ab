package e2e

import (
	"slices"
	"strings"
)

// limit is what cannot work with a stack, and the cause there. The test fails when it
// works, unless that is a matter of chance.
type limit struct {
	stack, scenario string // no scenario: any
	ours            string // native or tab; empty: both
	role            string // of the stack; empty: in both
	says            string // how the scenario ends; alternatives with | between them
	why             string
	chance          bool             // a race there, which it may win
	then            func(m *meeting) // what works all the same
}

var limits = []limit{
	{stack: "libdatachannel", ours: "native", says: unverified, why: earlyDTLS, chance: true},
	{
		stack: "libwebrtc", scenario: "first offers collide, with media", role: "polite",
		says: "the answer rejects what pion has offered for good",
		why:  "rolled back, it remembers the section that its data channel had, and rejects another one in its answer",
	},
	{
		stack: "werift", scenario: "first offers collide, with media", role: "polite",
		says: `media section 0 has the mid "2" in the answer, "0" in the offer`,
		why:  "rolled back, it remembers the section that its data channel had, and names it in its answer",
	},
	{
		stack: "libdatachannel", scenario: "it restarts ICE",
		says: "restartIce is not a function",
		why:  "it cannot restart ICE",
	},
	{
		stack: "libdatachannel", scenario: "we restart ICE",
		says: "Invalid ICE settings from remote SDP",
		why:  "it cannot restart ICE; both go on with a new connection",
		then: (*meeting).startsOver,
	},
	{
		stack: "libdatachannel", scenario: "it sends media, then we add data",
		says: "SCTP transport initialization failed",
		why:  "connected, it starts SCTP when an offer brings data, before it has an answer, and gives up for want of one",
	},
	{
		stack: "aiortc", scenario: "it restarts ICE",
		says: "no attribute 'restartIce'",
		why:  "it cannot restart ICE",
	},
	{
		stack: "aiortc", scenario: "we restart ICE",
		says: "The other side does not restart ICE",
		why:  "it answers with its old credentials; both go on with a new connection",
		then: (*meeting).startsOver,
	},
	{
		stack: "aiortc", scenario: "we call with media, then it sends its own", ours: "native",
		says: "it receives our audio",
		why:  "it does not begin with media that come into its description while DTLS connects, before the next exchange",
	},
	{stack: "aiortc", scenario: "first offers collide", role: "polite", says: aiortcRollback, why: noRollback},
	{stack: "aiortc", scenario: "first offers collide, with media", role: "polite", says: aiortcRollback, why: noRollback},
	{stack: "aiortc", scenario: "offers collide later", role: "polite", says: aiortcRollback, why: noRollback},
	{stack: "aiortc", scenario: "tracks of both collide", role: "polite", says: aiortcRollback, why: noRollback},
	{stack: "aiortc", scenario: "it calls with media, then we send ours", ours: "tab", says: aiortcExtensions, why: sameNumbers},
	{stack: "aiortc", scenario: "we call with media, then it sends its own", ours: "tab", says: aiortcExtensions, why: sameNumbers},
	{stack: "aiortc", scenario: "it sends media, then we add data", ours: "tab", says: aiortcExtensions, why: sameNumbers},
	{stack: "webrtcbin", scenario: "first offers collide", role: "polite", says: webrtcbinRollback, why: noRollback},
	{stack: "webrtcbin", scenario: "first offers collide, with media", role: "polite", says: webrtcbinRollback, why: noRollback},
	{stack: "webrtcbin", scenario: "offers collide later", role: "polite", says: webrtcbinRollback, why: noRollback},
	{stack: "webrtcbin", scenario: "tracks of both collide", role: "polite", says: webrtcbinRollback, why: noRollback},
	{
		stack: "webrtcbin", scenario: "it restarts ICE",
		says: "has the credentials from before",
		why:  "it cannot restart ICE",
	},
	{
		stack: "webrtcbin", scenario: "we restart ICE",
		says: "The other side does not restart ICE",
		why:  "it answers with its old credentials; both go on with a new connection",
		then: (*meeting).startsOver,
	},
	{stack: "webrtcbin", scenario: "it calls with media, then we send ours", says: webrtcbinDirection, why: noDirection},
	{stack: "webrtcbin", scenario: "it sends media later, then we", says: webrtcbinDirection, why: noDirection},
	{stack: "webrtcbin", scenario: "first offers collide, with media", role: "impolite", says: webrtcbinDirection, why: noDirection},
	{
		stack: "webrtcbin", scenario: "we call with media, then it sends its own",
		says: webrtcbinReuse + "|" + notOpen,
		why:  noReuse + "; " + twoStreams,
	},
	{stack: "webrtcbin", scenario: "we send media later, then it", says: webrtcbinReuse, why: noReuse},
	{stack: "webrtcbin", scenario: "it hangs up and calls again", says: notOpen, why: oneCertificate},
}

const (
	// It needs a network as fast as loopback, and an offer of its own.
	earlyDTLS  = "it starts ICE and DTLS with an answer before it keeps the fingerprint that is in it, and may refuse our certificate"
	unverified = "Got a remote candidate without ICE transport|" + itFails

	noRollback        = "it has no rollback"
	aiortcRollback    = `Cannot handle offer in signaling state "have-local-offer"`
	webrtcbinRollback = "Not in the correct state (have-local-offer) for setting local rollback description"

	// Chromium refuses such an offer; aiortc, if it is polite, then does not take ours instead.
	sameNumbers      = "its offers give an id to one header extension of audio and to another one of video"
	aiortcExtensions = "codec collision for header extension|" + aiortcRollback

	noDirection        = "no section may change its direction"
	webrtcbinDirection = "transceiver direction changes are not implemented"

	noReuse        = "it sends nothing in a section that it has answered without a track"
	webrtcbinReuse = "Could not reuse transceiver"

	// In a first offer of media and data ours tag the section of data, which is last. Natively
	// it may connect all the same: the stream with its own credentials answers checks.
	twoStreams = "of an offer that tags another section than the first, it gives the credentials to one ICE stream and its own to another"

	oneCertificate = "its connections share one certificate, and it ends one without a word: that another one calls cannot be told from an ICE restart"
	notOpen        = "not in time: a channel is open|" + itFails
)

// applies reports whether the limit is one of this test, which has failed so.
func (l limit) applies(stack, scenario, ours, role, failure string) bool {
	return l.stack == stack && (l.scenario == "" || l.scenario == scenario) && (!l.chance || l.foretells(failure)) && (l.ours == "" || l.ours == ours) && (l.role == "" || l.role == role)
}

// foretells reports whether a scenario that has failed so has ended as the limit says.
func (l limit) foretells(failure string) bool {
	return slices.ContainsFunc(strings.Split(l.says, "|"), func(s string) bool { return strings.Contains(failure, s) })
}

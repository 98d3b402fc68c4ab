package main

// pion is the module whose sources for the browser are built without what is unused.
const pion = "github.com/pion/webrtc/v4"

// unused names, by file, the declarations of pion that this page cannot reach and that
// mention what pion needs only natively; a file without names goes as a whole. In a
// page the browser does ICE, DTLS, SCTP and RTP. Still these few declarations would
// bring pion's own into the program, and X.509, big numbers and gob with them: a
// quarter of the download, since what a package sets up when it is initialized stays.
//
// Nothing is rewritten: what is left is pion's, and a program that uses what is gone
// does not compile. When pion moves, the build says which name is not there any more,
// and TestLean which package is back.
var unused = map[string][]string{
	// X.509: a browser makes its own certificates.
	"certificate.go":      nil,
	"configuration_js.go": {"Configuration.Certificates"},

	// pion/ice: candidates and states as its agent has them, and the URLs of servers,
	// which the browser checks itself.
	"gathering_complete_promise.go": nil,
	"icecandidate.go":               nil,
	"icecandidatepair.go":           nil,
	"icecandidatetype.go":           {"getCandidateType", "ICECandidateType.toICE"},
	"icemux.go":                     nil,
	"iceserver_js.go":               {"ICEServer.parseURL", "ICEServer.validate"},
	"icetransport_js.go":            {"ICETransport.GetSelectedCandidatePair"},
	"icetransportstate.go":          {"newICETransportStateFromICE", "ICETransportState.toICE"},
	"networktype.go":                {"getNetworkType", "toICENetworkTypes", "NetworkType.toICE"},
	"peerconnection_js.go": {
		"PeerConnection.OnICECandidate", "PeerConnection.setGatherCompleteHandler", "valueToICECandidate",
		"PeerConnection.SetConfiguration", "PeerConnection.checkConfiguration",
	},

	// pion/dtls and pion/sdp: how the native one reads and writes descriptions.
	"constants.go":          {"defaultSrtpProtectionProfiles"},
	"dtlsrole.go":           {"dtlsRoleFromSDP", "connectionRoleFromDtlsRole"},
	"sessiondescription.go": {"SessionDescription.parsed", "SessionDescription.Unmarshal", "hasICETrickleOption"},

	// pion/sctp, pion/interceptor and pion/rtp: what goes through a connection.
	"datachannel_js.go":        {"DataChannel.Detach"},
	"datachannel_js_detach.go": nil,
	"sctptransport_js.go":      {"SCTPTransport.Metadata"},
	"track_local.go":           nil,

	// Statistics: package peer has the browser's own.
	"stats.go": nil,
}

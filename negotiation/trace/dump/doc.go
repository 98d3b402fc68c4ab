// Package dump keeps the trace of a negotiation in a file, both sides in one, and reads it.
//
// # The file
//
// A file is a superset of rtcstats' dump format 3, text in UTF-8:
//
//	RTCStatsDump
//	{"fileFormat":3,"userAgent":"native","pn":{"version":1,"room":"…","self":"bal7eb…","source":"f4e5631a…","masked":true}}
//	["create","wkgsyf…#1/here",null,1795914000000]
//	{"pn":"event","n":17,"t":1795914000004.200,"side":"here","peer":"wkgsyf…","life":1,"kind":"collision-rollback",…}
//	["setRemoteDescription","wkgsyf…#1/here",{"type":"offer","sdp":"…"},"o9",9]
//	["setRemoteDescription","wkgsyf…#1/there",{"type":"offer","sdp":"…"},"o8",12]
//
// The first two lines are the header; in pn, room and self are absent if they are not
// known or masked. Lines that are objects are ours: trace.Line and trace.Input tell their
// fields; with the inputs, package replay makes the same decisions once more. They come in the order in which this side saw
// them. Lines that are arrays are derived from them for rtcstats' tools, which skip ours:
// method, connection (peer, life and side), value, more values, and the milliseconds since
// the array line before. Our readers skip them.
//
// # What is masked
//
// Unless somebody asks for the plain file, [Mask] replaces what is private by aliases:
//
//	ice-ufrag      ufrag001, ufrag002, …
//	ice-pwd        pwd and 19 digits
//	fingerprint    the same hash function, and a number in as many digits as before
//	IP addresses   10.0.x.y private, 169.254.x.y and fe80::x of the link, fd00::x private,
//	               198.18.x.y and 2001:db8::x public; loopback, unspecified and multicast stay
//	names .local   host1.local, …
//	cname          cname1, …
//	chat           its length
//	relay, room    nothing but the kind and the code of the event
//	s= i= u= e= p= -
//
// Aliases count in order of appearance, and the same value has the same alias all through
// the file: so a restart of ICE, or another network, is still seen. Words for people
// (detail, err, text) have their addresses and known secrets replaced. Peers' ids, sessions,
// mids and the ids of tracks stay.
//
// A page masks in JavaScript when it saves, by the same rules: an alias is of the same
// type as what it stands for, and means the same all through one file, but no two files
// need have the same aliases.
package dump

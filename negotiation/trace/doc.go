// Package trace is what a negotiation tells of itself: one stream of typed events, the
// only source of what programs print, draw and decide.
//
// # Lines
//
// An event is written as a line of JSON ([Line]): in a file, on the data channel "trace"
// between two peers, and from the page's program to the page. Fields that are empty, zero
// or false are absent; a reader ignores fields that it does not know.
//
//	field   value
//	pn      "event"; a line with another value, or none, is not an event
//	n       the event's number on its side, from 1
//	t       when, in milliseconds since 1970, with up to three decimals
//	side    "here": it is the writer's own; "there": the other side told it, and n, cause,
//	        role, state and msg.sent are as that side says
//	peer    the full id of the remote peer, on both sides' lines
//	life    the number of the pairing with that peer, from 1
//	role    "polite" or "impolite": whose event it is
//	kind    what happened: see the Kind constants; a reader keeps one that it does not know
//	level   "debug", "info", "success", "warn" or "error"
//	state   the signaling state after it
//	held    true: in have-local-offer, the offer is sent, and not set yet
//	msg     the message it is about: {"type","session","seq","sent"}
//	cause   the number of the event that led to it, on the same side
//	why     a code: see the Code constants
//	err     what went wrong, in words
//	next    when it is tried again, as t
//	detail  why, or about what, in words
//	text    the line of the log
//	sdp     that of a description, with offer-sending, offer-received, answer-sending and
//	        answer-received; never on the data channel
//
// A message is the same on both sides if type, session and seq are the same and sent is
// not. testdata/lines.jsonl has a line of each form.
package trace

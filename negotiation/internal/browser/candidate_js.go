package browser

import (
	"github.com/hack-pad/safejs"
	"github.com/pion/webrtc/v4"
	"github.com/valyala/fastjson"

	"perfect-negotiation/negotiation/internal/messages"
)

// A candidate crosses between Go and JavaScript once, as JSON: each property of an
// object would cross by itself.

// candidateOf returns an RTCIceCandidate as Go has it.
// https://www.w3.org/TR/webrtc/#dom-rtcicecandidate-tojson
func candidateOf(candidate safejs.Value) (*webrtc.ICECandidateInit, error) {
	text, err := callJSON("stringify", candidate)
	if err != nil {
		return nil, err
	}
	written, err := text.String()
	if err != nil {
		return nil, err
	}
	v, err := fastjson.Parse(written)
	if err != nil {
		return nil, err
	}
	return messages.DecodeCandidate(v)
}

// candidateInit returns an RTCIceCandidateInit.
func candidateInit(c webrtc.ICECandidateInit) (safejs.Value, error) {
	return callJSON("parse", string(messages.AppendCandidate(nil, c)))
}

func callJSON(method string, arg any) (safejs.Value, error) {
	object, err := safejs.Global().Get("JSON")
	if err != nil {
		return object, err
	}
	return object.Call(method, arg)
}

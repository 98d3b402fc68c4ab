package negotiation

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pion/webrtc/v4"
)

// AddICECandidate implements [PeerConnection]. Both pion and Chromium take a
// candidate of another generation without a word.
// https://www.w3.org/TR/webrtc/#dom-peerconnection-addicecandidate
func (h *held) AddICECandidate(c *webrtc.ICECandidateInit) error {
	if h.remote == nil {
		return ErrNoRemoteDescription
	}
	if c == nil {
		return h.pc.AddICECandidate(webrtc.ICECandidateInit{})
	}
	for _, ufrag := range candidateUfrags(*c) {
		if !slices.Contains(h.remote, ufrag) {
			return ErrUnknownUfrag
		}
	}
	heard, err := h.hearing(nil, c.Candidate)
	if err != nil {
		return err
	}
	h.heard = heard
	return h.pc.AddICECandidate(*c)
}

// maxCandidates bounds those of one generation: pion pairs each with each of ours, and
// asks the local network for each name.
const maxCandidates = 500

var errCandidates = fmt.Errorf("%w: there are more than %d candidates", ErrRefused, maxCandidates)

// hearing returns the candidates that have come when those have come, too, for the
// generation of a remote description.
func (h *held) hearing(remote *sdp, candidates ...string) (heard []string, err error) {
	if remote == nil || slices.Contains(h.remote, remote.ufrag()) {
		heard = slices.Clip(h.heard)
	}
	for _, c := range candidates {
		if c = strings.TrimPrefix(c, "candidate:"); slices.Contains(heard, c) {
			continue
		}
		if len(heard) == maxCandidates {
			return nil, errCandidates
		}
		heard = append(heard, c)
	}
	return heard, nil
}

// hears is called with a remote description that was applied, and what has come.
func (h *held) hears(remote *sdp, heard []string) {
	if remote.ufrag() != "" {
		h.remote, h.heard = remote.ufrags(), heard
	}
}

// candidateUfrags returns the ufrags of a candidate: that of the field and that of
// the text, as far as they are there.
func candidateUfrags(c webrtc.ICECandidateInit) (list []string) {
	if c.UsernameFragment != nil && *c.UsernameFragment != "" {
		list = append(list, *c.UsernameFragment)
	}
	words := strings.Fields(c.Candidate)
	for i, word := range words {
		if word == "ufrag" && i+1 < len(words) {
			return append(list, words[i+1])
		}
	}
	return list
}

package held

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation/internal/sdp"
	"perfect-negotiation/negotiation/trace"
)

// AddICECandidate implements negotiation.PeerConnection. Both pion and Chromium take a
// candidate of another generation without a word.
// https://www.w3.org/TR/webrtc/#dom-peerconnection-addicecandidate
func (h *PeerConnection) AddICECandidate(c *webrtc.ICECandidateInit) error {
	if h.Remote == nil {
		return ErrNoRemoteDescription
	}
	if c == nil {
		return h.pc.AddICECandidate(webrtc.ICECandidateInit{})
	}
	for _, ufrag := range candidateUfrags(*c) {
		if !slices.Contains(h.Remote, ufrag) {
			return ErrUnknownUfrag
		}
	}
	candidates, err := h.hearing(nil, c.Candidate)
	if err != nil {
		return err
	}
	h.Candidates = candidates
	return h.pc.AddICECandidate(*c)
}

// maxCandidates bounds those of one generation: pion pairs each with each of ours, and
// asks the local network for each name.
const maxCandidates = 500

var errCandidates = Refused(trace.Because(trace.TooManyCandidates, fmt.Errorf("there are more than %d candidates", maxCandidates)))

// hearing returns the candidates of a generation once these have come, too: of that of
// a remote description, or of the present one.
func (h *PeerConnection) hearing(remote *sdp.Description, come ...string) (all []string, err error) {
	if remote == nil || slices.Contains(h.Remote, remote.Ufrag()) {
		all = slices.Clip(h.Candidates)
	}
	for _, c := range come {
		if c = strings.TrimPrefix(c, "candidate:"); slices.Contains(all, c) {
			continue
		}
		if len(all) == maxCandidates {
			return nil, errCandidates
		}
		all = append(all, c)
	}
	return all, nil
}

// hears is called with a remote description that was applied, and the candidates of
// its generation.
func (h *PeerConnection) hears(remote *sdp.Description, candidates []string) {
	if remote.Ufrag() != "" {
		h.Remote, h.Candidates = remote.Ufrags(), candidates
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

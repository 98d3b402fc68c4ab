package held

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation/internal/sdp"
	"perfect-negotiation/negotiation/trace"
)

// AddICECandidate implements negotiation.PeerConnection. It checks the generation,
// because both pion and Chromium silently accept a candidate of another one.
// https://www.w3.org/TR/webrtc/#dom-peerconnection-addicecandidate
func (h *PeerConnection) AddICECandidate(c *webrtc.ICECandidateInit) error {
	if h.Remote == nil {
		return ErrNoRemoteDescription
	}
	if c == nil {
		return h.pc.AddICECandidate(webrtc.ICECandidateInit{})
	}
	init := *c
	init.Candidate = strings.TrimPrefix(strings.TrimSpace(c.Candidate), "a=") // libdatachannel sends the whole line
	for _, ufrag := range candidateUfrags(init) {
		if !slices.Contains(h.Remote, ufrag) {
			return ErrUnknownUfrag
		}
	}
	var err error
	if h.Candidates, err = h.heard(h.Candidates, strings.TrimPrefix(init.Candidate, "candidate:")); err != nil {
		return err
	}
	return h.pc.AddICECandidate(init)
}

// These limits bound the work that a peer can cause: pion pairs each candidate with
// each of ours, and sends an mDNS query for each .local name.
const (
	maxCandidates = 50 // per generation
	maxNames      = 5  // .local names among them
	maxAllNames   = 20 // .local names over the life of the connection
)

var (
	errCandidates = trace.Because(trace.TooManyCandidates, fmt.Errorf("there are more than %d candidates", maxCandidates))
	errNames      = trace.Because(trace.TooManyNames, fmt.Errorf("there are more than %d candidates with a name, or %d in all", maxNames, maxAllNames))
)

// heard adds c to the candidates of a generation and returns them, or says why c is
// not used.
func (h *PeerConnection) heard(all []string, c string) ([]string, error) {
	if c == "" || slices.Contains(all, c) {
		return all, nil
	}
	if h.Admit != nil {
		if err := h.Admit(c); err != nil {
			return all, Refused(err)
		}
	}
	name := localName(c)
	switch {
	case len(all) >= maxCandidates:
		return all, Refused(errCandidates)
	case name == "":
	case len(namesOf(all)) >= maxNames, !slices.Contains(h.Names, name) && len(h.Names) >= maxAllNames:
		return all, Refused(errNames)
	case !slices.Contains(h.Names, name):
		h.Names = append(slices.Clip(h.Names), name)
	}
	return append(slices.Clip(all), c), nil
}

// hearing returns the candidates of a remote description, after those of the same
// generation that came earlier. It removes those that are not used from remote; left
// says why.
func (h *PeerConnection) hearing(remote *sdp.Description) (all []string, left error) {
	if slices.Contains(h.Remote, remote.Ufrag()) {
		all = h.Candidates
	}
	n := 0
	remote.KeepCandidates(func(c string) bool {
		var err error
		if all, err = h.heard(all, strings.TrimPrefix(c, "candidate:")); err != nil {
			n, left = n+1, err
		}
		return err == nil
	})
	if n > 1 {
		left = fmt.Errorf("%d candidates of a description, the last because: %w", n, left)
	}
	return all, left
}

// localName returns the .local name that a candidate has in place of an address, or
// "".
func localName(candidate string) string {
	if words := strings.SplitN(candidate, " ", 6); len(words) == 6 && strings.HasSuffix(strings.ToLower(words[4]), ".local") {
		return words[4]
	}
	return ""
}

func namesOf(candidates []string) (names []string) {
	for _, c := range candidates {
		if name := localName(c); name != "" {
			names = append(names, name)
		}
	}
	return names
}

// hears is called after a remote description was applied, with the candidates of its
// generation, and the reason if some were left out.
func (h *PeerConnection) hears(remote *sdp.Description, candidates []string, left error) {
	if remote.Ufrag() != "" {
		h.Remote, h.Candidates = remote.Ufrags(), candidates
	}
	if left != nil && h.LeftOut != nil {
		h.LeftOut(left)
	}
}

// candidateUfrags returns the ufrags that a candidate states, in its field and in its
// text.
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

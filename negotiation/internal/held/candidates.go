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
// because both pion and Chromium silently accept a candidate of another one. It drops
// candidates of sections that are bundled with the tagged one: their transports are
// given up. Some stacks name the wrong section; those send none for the tagged one, so
// up to maxAstray are used before its first.
// https://www.rfc-editor.org/rfc/rfc9143#section-10
// https://www.w3.org/TR/webrtc/#dom-peerconnection-addicecandidate
func (h *PeerConnection) AddICECandidate(c *webrtc.ICECandidateInit) error {
	if h.Remote == nil {
		return ErrNoRemoteDescription
	}
	if c == nil {
		return h.pc.AddICECandidate(webrtc.ICECandidateInit{})
	}
	astray := c.SDPMid != nil && slices.Index(h.Bundle, *c.SDPMid) > 0
	if astray && (h.Candidates.Tagged || h.Candidates.Astray == maxAstray || c.Candidate == "") {
		return nil
	}
	init := *c
	init.Candidate = strings.TrimPrefix(strings.TrimSpace(c.Candidate), "a=") // libdatachannel sends the whole line
	for _, ufrag := range candidateUfrags(init) {
		if !slices.Contains(h.Remote, ufrag) {
			return ErrUnknownUfrag
		}
	}
	candidates, err := h.admit(h.Candidates, strings.TrimPrefix(init.Candidate, "candidate:"))
	if err != nil {
		return err
	}
	switch {
	case !astray:
		candidates.Tagged = true
	case len(candidates.Generation) > len(h.Candidates.Generation):
		candidates.Astray++
	}
	h.Candidates = candidates
	return h.pc.AddICECandidate(init)
}

// addSpare adds the candidates of an offer that stand in the section which our answer
// tags, where the offer tags another one.
// https://www.rfc-editor.org/rfc/rfc9143#section-7.3.2
func (h *PeerConnection) addSpare(spare map[string][]string) {
	if len(h.Bundle) == 0 {
		return
	}
	var left error
	for _, c := range spare[h.Bundle[0]] {
		if err := h.AddICECandidate(&webrtc.ICECandidateInit{Candidate: "candidate:" + c, SDPMid: &h.Bundle[0]}); err != nil {
			left = err
		}
	}
	if left != nil && h.LeftOut != nil {
		h.LeftOut(left)
	}
}

// These limits bound the work that a peer can cause: pion pairs each candidate with
// each of ours, and sends an mDNS query for each .local name.
const (
	maxCandidates = 50 // per generation
	maxNames      = 5  // .local names among them
	maxAllNames   = 20 // .local names over the life of the connection
	maxAstray     = 10 // per generation, of sections that are bundled with another
)

var (
	errCandidates = trace.Because(trace.TooManyCandidates, fmt.Errorf("there are more than %d candidates", maxCandidates))
	errNames      = trace.Because(trace.TooManyNames, fmt.Errorf("there are more than %d candidates with a name, or %d in all", maxNames, maxAllNames))
)

// Candidates are those of the other side that the connection was given.
type Candidates struct {
	Generation []string // of the ufrags that are valid now
	Tagged     bool     // some of them are of the section that carries the transport
	Astray     int      // number of those of other sections
	Names      []string // all .local names, over the life of the connection
}

// admit returns to with the candidate c in it, or says why c is not used.
func (h *PeerConnection) admit(to Candidates, c string) (Candidates, error) {
	if c == "" || slices.Contains(to.Generation, c) {
		return to, nil
	}
	if h.Admit != nil {
		if err := h.Admit(c); err != nil {
			return to, Refused(err)
		}
	}
	name := localName(c)
	switch {
	case len(to.Generation) >= maxCandidates:
		return to, Refused(errCandidates)
	case name == "":
	case len(namesOf(to.Generation)) >= maxNames, !slices.Contains(to.Names, name) && len(to.Names) >= maxAllNames:
		return to, Refused(errNames)
	case !slices.Contains(to.Names, name):
		to.Names = append(slices.Clip(to.Names), name)
	}
	to.Generation = append(slices.Clip(to.Generation), c)
	return to, nil
}

// admitAll returns the candidates that there are once remote is applied: its own come
// after those of its generation that came earlier. It removes from remote those that
// are not used; left says why.
func (h *PeerConnection) admitAll(remote *sdp.Description) (all Candidates, left error) {
	all = h.Candidates
	if !slices.Contains(h.Remote, remote.Ufrag()) {
		all = Candidates{Names: all.Names}
	}
	n := 0
	remote.KeepCandidates(func(c string) bool {
		var err error
		if all, err = h.admit(all, strings.TrimPrefix(c, "candidate:")); err != nil {
			n, left = n+1, err
		} else {
			all.Tagged = true
		}
		return err == nil
	})
	if n > 1 {
		left = fmt.Errorf("%d candidates of a description, the last because: %w", n, left)
	}
	return all, left
}

// admitted is called after a remote description was applied, with what admitAll has
// returned for it.
func (h *PeerConnection) admitted(remote *sdp.Description, candidates Candidates, left error) {
	if remote.Ufrag() != "" {
		h.Remote, h.Candidates = remote.Ufrags(), candidates
	}
	if left != nil && h.LeftOut != nil {
		h.LeftOut(left)
	}
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

//go:build !js

package pion

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	pionsdp "github.com/pion/sdp/v3"
	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation/internal/sdp"
	"perfect-negotiation/negotiation/trace"
)

// check finds what pion would reject only after changing its state, and what cannot
// be left out.
func (l *look) check() error {
	p := l.pion
	if l.kind == webrtc.SDPTypeAnswer && p.pc.CurrentRemoteDescription() == nil && p.pc.SignalingState() == webrtc.SignalingStateHaveLocalOffer && sdp.AllRejected(l.sections) {
		// See Commits.
		return trace.Because(trace.AllRejected, errors.New("the answer rejects what pion has offered for good"))
	}
	if err := l.remote.CheckTransport(l.carrier()); err != nil {
		return err
	}
	if err := p.oneEncryption(l.remote); err != nil {
		return trace.Because(trace.BadEncryption, err)
	}
	for i, m := range l.remote.Media {
		if t := l.transceivers[m.Mid]; sdp.IsMedia(m.Kind) && t != nil && t.Kind().String() != m.Kind {
			// pion would use t without an error.
			return trace.Because(trace.BadMid, fmt.Errorf("the mid %q is that of a section of ours with kind %s, not %s", m.Mid, t.Kind(), m.Kind))
		}
		if l.parts[i].hidden || !sdp.IsMedia(m.Kind) {
			continue
		}
		if err := oneTrack(m); err != nil {
			return trace.Because(trace.PlanB, err)
		}
	}
	return nil
}

// oneEncryption refuses headers encrypted in some media sections only, or in none
// where the application requires it. pion checks this first, but a held offer has
// been set by then. The attribute of the section with the transport holds for all
// that share it.
// https://www.rfc-editor.org/rfc/rfc9335#section-4
func (p *Connection) oneEncryption(d *sdp.Description) error {
	policy := p.pc.GetConfiguration().RTPHeaderEncryptionPolicy
	if d.Has(pionsdp.AttrKeyCryptex) || policy == webrtc.RTPHeaderEncryptionPolicyDisable {
		return nil
	}
	group := d.Bundle()
	shared := slices.ContainsFunc(d.Media, func(m *sdp.Media) bool {
		return m.Has(pionsdp.AttrKeyCryptex) && len(group) > 0 && m.Mid == group[0]
	})
	some, others := false, false
	for _, m := range d.Media {
		if m.Kind == "application" || m.Rejected {
			continue
		}
		encrypted := m.Has(pionsdp.AttrKeyCryptex) || shared && slices.Contains(group, m.Mid)
		some, others = some || encrypted, others || !encrypted
	}
	switch {
	case some && others:
		return errors.New("cryptex is in some media sections and not in others")
	case others && policy == webrtc.RTPHeaderEncryptionPolicyRequire:
		return errors.New("cryptex is required and not in the description")
	}
	return nil
}

// oneTrack refuses several tracks in one section, as in Plan B. pion takes every SSRC
// that repairs no other for a track, unless rids tell them apart.
func oneTrack(m *sdp.Media) error {
	if m.Has("rid") && m.Has("msid") {
		return nil
	}
	tracks := map[string]bool{}
	for _, ssrc := range m.Values("ssrc") {
		id, _, _ := strings.Cut(ssrc, " ")
		tracks[id] = true
	}
	for id := range layers(m) {
		delete(tracks, id)
	}
	for _, group := range sourceGroups(m) {
		if group.repairs() {
			delete(tracks, group.sources[1])
		}
	}
	if len(tracks) > 1 {
		return fmt.Errorf("a media section has %d tracks: use a section for each (Unified Plan)", len(tracks))
	}
	return nil
}

// layers returns the SSRCs of all simulcast layers but the first, and of the streams
// that repair them. pion tells layers apart by rid alone.
func layers(m *sdp.Media) map[string]bool {
	list := map[string]bool{}
	for _, group := range sourceGroups(m) {
		if group.semantics == "SIM" {
			for _, source := range group.sources[1:] {
				list[source] = true
			}
		}
	}
	for _, group := range sourceGroups(m) {
		if group.repairs() && list[group.sources[0]] {
			list[group.sources[1]] = true
		}
	}
	return list
}

// sourceGroup is a group of at least one SSRC.
// https://www.rfc-editor.org/rfc/rfc5576#section-4.2
type sourceGroup struct {
	semantics string
	sources   []string
}

func sourceGroups(m *sdp.Media) (list []sourceGroup) {
	for _, group := range m.Values("ssrc-group") {
		if words := strings.Split(group, " "); len(words) > 1 {
			list = append(list, sourceGroup{words[0], words[1:]})
		}
	}
	return list
}

// repairs reports whether pion treats the second source as repairing the first.
func (g sourceGroup) repairs() bool {
	return (g.semantics == "FID" || g.semantics == "FEC-FR") && len(g.sources) == 2 && isNumber(g.sources[0])
}

func isNumber(ssrc string) bool {
	_, err := strconv.ParseUint(ssrc, 10, 32)
	return err == nil
}

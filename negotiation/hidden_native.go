//go:build !js

package negotiation

import (
	"errors"
	"slices"
	"strings"

	pionsdp "github.com/pion/sdp/v3"
	"github.com/pion/webrtc/v4"
)

// pion makes a transceiver for a section that is rejected, or of which it has no
// codec, answers it without a mid, and can then make no offer any more (pc:823).
// So it sees such a section as one of a kind that it passes over (pc:1310,
// pc:3349), and does not hear of a description at all in which it would see none.
// On the wire the section stands where it stood, rejected.
//
// Where an offer has one section alone pion takes whatever it receives for media of
// that, as video even in a section of data channels (pc:2092). Media of our next
// offer may come before its answer, and would stay what pion took them for. So it
// sees one more section than there is, but for a section of data channels only
// where it has transceivers: without media it does not start SRTP (pc:3124).

const (
	hiddenKind = "text"
	trueKind   = "hidden"  // the attribute that names the kind of a section that is hidden
	nothing    = "nothing" // the kind of one that is not on the wire
)

// sight is a remote description as pion is to see it.
type sight struct {
	text     string
	parsed   *pionsdp.SessionDescription
	sections []section         // that it sees
	meaning  map[payload]codec // of the payload types that it has seen then
}

// sight returns what pion is to see of a remote description, without a change to
// anything.
func (p *pion) sight(d webrtc.SessionDescription) (sight, error) {
	parsed, err := parse(d.SDP)
	if err != nil {
		return sight{}, err
	}
	sections := parsed.sections()
	if d.Type == webrtc.SDPTypeOffer {
		d.SDP = p.shield(d.SDP, sections)
	}
	whole, err := d.Unmarshal()
	if err != nil {
		return sight{}, err
	}
	if len(sections) != len(whole.MediaDescriptions) {
		return sight{}, errors.New("what begins a media section is ambiguous")
	}
	seen := sight{text: d.SDP, parsed: whole}
	hidden := make([]bool, len(sections))
	for i, s := range sections {
		offered, err := formats(whole.MediaDescriptions[i])
		if err != nil {
			return sight{}, err
		}
		switch {
		case s.rejected:
			hidden[i] = true
		case s.kind == "application":
		case !isMedia(s.kind):
			hidden[i] = true
		default:
			hidden[i] = d.Type == webrtc.SDPTypeOffer && p.transceiver(s.mid) == nil && p.lacks(offered)
		}
		if !hidden[i] {
			seen.sections = append(seen.sections, s)
		}
	}
	if len(seen.sections) < len(sections) {
		if err := p.hide(&seen, d.Type, hidden); err != nil {
			return sight{}, err
		}
	}
	if d.Type == webrtc.SDPTypeOffer && len(sections) == 1 && (isMedia(sections[0].kind) || len(p.pc.GetTransceivers()) > 0) {
		if err := accompany(&seen, sections[0].mid+"+"); err != nil {
			return sight{}, err
		}
	}
	seen.meaning, err = p.meanings(seen.parsed)
	return seen, err
}

// hide makes pion pass over sections.
func (p *pion) hide(seen *sight, t webrtc.SDPType, hidden []bool) (err error) {
	head, all := pieces(strings.ReplaceAll(strings.ReplaceAll(seen.text, "\r\n", "\n"), "\n", "\r\n"))
	for i, m := range all {
		if hidden[i] {
			kind := kindOf(m)
			all[i] = "m=" + hiddenKind + strings.TrimPrefix(m, "m="+kind) + "a=" + trueKind + ":" + kind + "\r\n"
		}
	}
	seen.text = head + strings.Join(all, "")
	if before := p.pc.CurrentRemoteDescription(); t == webrtc.SDPTypeAnswer && len(seen.sections) == 0 && before != nil {
		if seen.text, err = withCredentials(seen.text, before.SDP); err != nil {
			return err
		}
	}
	seen.parsed, err = (&webrtc.SessionDescription{Type: t, SDP: seen.text}).Unmarshal()
	return err
}

// accompany adds a section that pion passes over.
func accompany(seen *sight, mid string) (err error) {
	head, all := pieces(strings.ReplaceAll(strings.ReplaceAll(seen.text, "\r\n", "\n"), "\n", "\r\n"))
	seen.text = head + strings.Join(all, "") + rejection(section{kind: hiddenKind, mid: mid}) + "a=" + trueKind + ":" + nothing + "\r\n"
	seen.parsed, err = (&webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: seen.text}).Unmarshal()
	return err
}

// unhide returns a description that pion has seen as it was on the wire.
func unhide(text string) string {
	head, all := pieces(text)
	for i, m := range all {
		before, kind, hidden := strings.Cut(m, "a="+trueKind+":")
		switch kind = strings.TrimSpace(kind); {
		case !hidden || kindOf(m) != hiddenKind:
		case kind == nothing:
			all[i] = ""
		default:
			all[i] = "m=" + kind + strings.TrimPrefix(before, "m="+hiddenKind)
		}
	}
	return head + strings.Join(all, "")
}

// known returns what was negotiated before, as it was on the wire.
func (p *pion) known() (local, remote *webrtc.SessionDescription, err error) {
	if p.pc.CurrentLocalDescription() == nil || p.pc.CurrentRemoteDescription() == nil {
		return nil, nil, nil
	}
	ours, theirs := *p.pc.CurrentLocalDescription(), *p.pc.CurrentRemoteDescription() // pion keeps its own
	hidden, err := parse(theirs.SDP)
	if err != nil {
		return nil, nil, err
	}
	p.seen = slices.DeleteFunc(hidden.sections(), func(s section) bool { return s.kind == hiddenKind })
	theirs.SDP = unhide(theirs.SDP)
	parsed, err := parse(theirs.SDP)
	if err != nil {
		return nil, nil, err
	}
	p.order, p.group = parsed.sections(), parsed.bundle()
	ours.SDP = p.arrange(ours.SDP)
	if ours.Type == webrtc.SDPTypeAnswer {
		if parsed, err = parse(ours.SDP); err != nil {
			return nil, nil, err
		}
		p.group = parsed.bundle()
	}
	return &ours, &theirs, nil
}

func isMedia(kind string) bool { return kind == "audio" || kind == "video" }

// arrange returns a description that pion has made as it goes on the wire: with
// the sections in the order that both sides know, and those that pion does not
// know rejected. pion numbers the section of data channels without a look at
// those, until it has seen how the other side calls it.
func (p *pion) arrange(text string) string {
	head, made := pieces(withMids(text, p.seen))
	var all []string
	for _, s := range p.order {
		i := slices.IndexFunc(made, func(m string) bool { return midOf(m) == s.mid && kindOf(m) == s.kind })
		if i < 0 && s.kind == "application" && !s.rejected {
			i = slices.IndexFunc(made, func(m string) bool { return kindOf(m) == s.kind })
		}
		if i < 0 {
			all = append(all, rejection(s))
			continue
		}
		var m string
		head, m = renamed(head, made[i], s.mid)
		all = append(all, m)
		made = slices.Delete(made, i, i+1)
	}
	taken := func(mid string) bool {
		return slices.ContainsFunc(p.order, func(s section) bool { return s.mid == mid })
	}
	for _, m := range made {
		fresh := midOf(m)
		for kindOf(m) == "application" && taken(fresh) {
			fresh = "d" + fresh
		}
		head, m = renamed(head, m, fresh)
		all = append(all, m)
	}
	return withCandidates(withTag(head+strings.Join(all, ""), p.group))
}

// renamed gives a section of data channels another mid. pion has it as the last in
// the BUNDLE group.
func renamed(head, section, mid string) (newHead, newSection string) {
	old := midOf(section)
	if old == mid {
		return head, section
	}
	before, after, _ := strings.Cut(head, "a=group:BUNDLE ")
	group, after, _ := strings.Cut(after, "\r\n")
	head = before + "a=group:BUNDLE " + strings.TrimSuffix(group, old) + mid + "\r\n" + after
	return head, strings.Replace(section, "\r\na=mid:"+old, "\r\na=mid:"+mid, 1)
}

// withCandidates puts the candidates into the section that has the transport.
func withCandidates(text string) string {
	head, sections := pieces(text)
	i := tagged(head, sections)
	if i < 0 {
		return text
	}
	var all strings.Builder
	for at, m := range sections {
		var others strings.Builder
		for line := range strings.Lines(m) {
			b := &others
			if strings.HasPrefix(line, "a=candidate:") || strings.HasPrefix(line, "a=end-of-candidates") {
				b = &all
			}
			b.WriteString(line)
		}
		sections[at] = others.String()
	}
	sections[i] += all.String()
	return head + strings.Join(sections, "")
}

// tagged returns the place of the section that is the first of the BUNDLE group,
// or -1.
func tagged(head string, sections []string) int {
	_, group, _ := strings.Cut(head, "a=group:BUNDLE ")
	group, _, _ = strings.Cut(group, "\r\n")
	first, _, _ := strings.Cut(group, " ")
	return slices.IndexFunc(sections, func(m string) bool { return first != "" && midOf(m) == first })
}

// pieces cuts a description into what comes before the sections, and these.
func pieces(text string) (head string, sections []string) {
	parts := strings.Split(text, "\r\nm=")
	for _, part := range parts[1:] {
		sections = append(sections, "m="+strings.TrimSuffix(part, "\r\n")+"\r\n")
	}
	return strings.TrimSuffix(parts[0], "\r\n") + "\r\n", sections
}

func kindOf(section string) string {
	kind, _, _ := strings.Cut(strings.TrimPrefix(section, "m="), " ")
	return kind
}

func midOf(section string) string {
	_, after, _ := strings.Cut(section, "\r\na=mid:")
	mid, _, _ := strings.Cut(after, "\r\n")
	return mid
}

// rejection is a section that is rejected.
// https://www.rfc-editor.org/rfc/rfc3264#section-6
func rejection(s section) string {
	what := "UDP/TLS/RTP/SAVPF 0"
	if s.kind == "application" {
		what = "UDP/DTLS/SCTP webrtc-datachannel"
	}
	return "m=" + s.kind + " 0 " + what + "\r\nc=IN IP4 0.0.0.0\r\na=mid:" + s.mid + "\r\na=inactive\r\n"
}

// rejecting answers an offer of which pion has not heard.
func rejecting(offered []section) string {
	var b strings.Builder
	b.WriteString("v=0\r\no=- 0 0 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n")
	for _, s := range offered {
		b.WriteString(rejection(s))
	}
	return b.String()
}

// withCredentials has a description in which every section is rejected say that
// the credentials are those from before. pion wants some.
func withCredentials(text, before string) (string, error) {
	known, err := parse(before)
	if err != nil {
		return "", err
	}
	head, sections := pieces(text)
	for _, key := range []string{"ice-ufrag", "ice-pwd"} {
		for _, m := range append(known.media, media{attributes: known.attributes}) {
			if value, ok := get(m.attributes, key); ok {
				head += "a=" + key + ":" + value + "\r\n"
				break
			}
		}
	}
	return head + strings.Join(sections, ""), nil
}

// place gives a candidate the place that the transport has on the wire.
func (p *pion) place(c *webrtc.ICECandidateInit) {
	if p.sent == p.raw {
		return
	}
	head, sections := pieces(p.sent)
	if i := tagged(head, sections); i >= 0 {
		mid, index := midOf(sections[i]), uint16(i)
		c.SDPMid, c.SDPMLineIndex = &mid, &index
	}
}

func allRejected(list []section) bool {
	return !slices.ContainsFunc(list, func(s section) bool { return !s.rejected })
}

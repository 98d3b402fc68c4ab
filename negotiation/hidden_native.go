//go:build !js

package negotiation

import (
	"slices"
	"strconv"
	"strings"

	pionsdp "github.com/pion/sdp/v3"
	"github.com/pion/webrtc/v4"
)

// pion makes a transceiver for a section that is rejected, or of which it has no
// codec, answers it without a mid, and can then make no offer any more (pc:667).
// So it sees such a section as one of a kind that it passes over (pc:1259,
// pc:3036), and does not hear of a description at all in which it would see none.
// On the wire the section stands where it stood, rejected.

const (
	hiddenKind = "text"
	trueKind   = "hidden" // the attribute that names the kind of a section that is hidden
)

// hide returns a remote description as pion is to see it, and tells whether it
// sees a section.
func (p *pion) hide(d webrtc.SessionDescription, parsed *sdp) (text string, any bool, err error) {
	whole, err := d.Unmarshal()
	if err != nil {
		return "", false, err
	}
	sections := parsed.sections()
	hidden := make([]bool, len(sections))
	for i, s := range sections {
		hidden[i] = s.rejected
		if d.Type == webrtc.SDPTypeOffer && !s.rejected && isMedia(s.kind) && p.transceiver(s.mid) == nil {
			common, err := p.codecsOf(whole.MediaDescriptions[i])
			if err != nil {
				return "", false, err
			}
			hidden[i] = len(common) == 0
		}
		any = any || !hidden[i]
	}
	if !slices.Contains(hidden, true) {
		return d.SDP, any, nil
	}
	head, all := pieces(strings.ReplaceAll(strings.ReplaceAll(d.SDP, "\r\n", "\n"), "\n", "\r\n"))
	for i, m := range all {
		if hidden[i] {
			kind := kindOf(m)
			all[i] = "m=" + hiddenKind + strings.TrimPrefix(m, "m="+kind) + "a=" + trueKind + ":" + kind + "\r\n"
		}
	}
	return head + strings.Join(all, ""), any, nil
}

// unhide returns a description that pion has seen as it was on the wire.
func unhide(text string) string {
	head, all := pieces(text)
	for i, m := range all {
		if before, kind, hidden := strings.Cut(m, "a="+trueKind+":"); hidden && kindOf(m) == hiddenKind {
			all[i] = "m=" + strings.TrimSpace(kind) + strings.TrimPrefix(before, "m="+hiddenKind)
		}
	}
	return head + strings.Join(all, "")
}

// known returns what was negotiated before, as it was on the wire.
func (p *pion) known() (local, remote *webrtc.SessionDescription, err error) {
	local, remote = p.pc.CurrentLocalDescription(), p.pc.CurrentRemoteDescription()
	if local == nil || remote == nil {
		return nil, nil, nil
	}
	remote.SDP = unhide(remote.SDP)
	parsed, err := parse(remote.SDP)
	if err != nil {
		return nil, nil, err
	}
	p.order, p.group = parsed.sections(), parsed.bundle()
	local.SDP = p.arrange(local.SDP)
	return local, remote, nil
}

func isMedia(kind string) bool { return kind == "audio" || kind == "video" }

// codecsOf returns the codecs of a media section that pion has, too.
func (p *pion) codecsOf(m *pionsdp.MediaDescription) ([]pionsdp.Codec, error) {
	offered, err := codecs(m)
	if err != nil {
		return nil, err
	}
	if p.codecs == nil {
		for _, s := range p.pc.GetStats() { // the media engine is not to be had
			if codec, ok := s.(webrtc.CodecStats); ok {
				p.codecs = append(p.codecs, codec)
			}
		}
	}
	return slices.DeleteFunc(offered, func(c pionsdp.Codec) bool {
		mime := m.MediaName.Media + "/" + c.Name
		return strings.EqualFold(mime, webrtc.MimeTypeRTX) || !slices.ContainsFunc(p.codecs, func(ours webrtc.CodecStats) bool {
			return strings.EqualFold(mime, ours.MimeType) && c.ClockRate == ours.ClockRate && channels(c) == max(1, int(ours.Channels))
		})
	}), nil
}

// channels returns how many audio channels a codec has.
// https://www.rfc-editor.org/rfc/rfc8866#section-6.6
func channels(c pionsdp.Codec) int {
	n, err := strconv.Atoi(c.EncodingParameters)
	if err != nil {
		return 1
	}
	return n
}

// arrange returns a description that pion has made as it goes on the wire: with
// the sections in the order that both sides know, and those that pion does not
// know rejected. pion numbers the section of data channels without a look at
// those.
func (p *pion) arrange(text string) string {
	head, made := pieces(text)
	var all []string
	for _, s := range p.order {
		i := slices.IndexFunc(made, func(m string) bool { return midOf(m) == s.mid && kindOf(m) == s.kind })
		if i < 0 {
			all = append(all, rejection(s))
			continue
		}
		all = append(all, made[i])
		made = slices.Delete(made, i, i+1)
	}
	for _, m := range made {
		mid, taken := midOf(m), func(mid string) bool {
			return slices.ContainsFunc(p.order, func(s section) bool { return s.mid == mid })
		}
		if fresh := mid; kindOf(m) == "application" && taken(mid) {
			for taken(fresh) {
				fresh = "d" + fresh
			}
			m = strings.Replace(m, "\r\na=mid:"+mid, "\r\na=mid:"+fresh, 1)
			before, after, _ := strings.Cut(head, "a=group:BUNDLE ")
			group, after, _ := strings.Cut(after, "\r\n")
			head = before + "a=group:BUNDLE " + strings.TrimSuffix(group, mid) + fresh + "\r\n" + after // it is the last
		}
		all = append(all, m)
	}
	return withCandidates(withTag(head+strings.Join(all, ""), p.group))
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

// withCredentials has an answer in which every section is rejected say that the
// credentials are those from before. pion wants some.
func withCredentials(answer string, before *sdp) string {
	head, sections := pieces(answer)
	for _, key := range []string{"ice-ufrag", "ice-pwd"} {
		for _, m := range append(before.media, media{attributes: before.attributes}) {
			if value, ok := get(m.attributes, key); ok {
				head += "a=" + key + ":" + value + "\r\n"
				break
			}
		}
	}
	return head + strings.Join(sections, "")
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

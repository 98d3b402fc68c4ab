package dump

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"perfect-negotiation/negotiation/trace"
)

// Mask replaces what a trace says of people, networks and secrets. The same value always
// becomes the same alias, counted in order of appearance, so that a restart of ICE or a
// change of network stays visible. It is not safe for concurrent use; the zero Mask is
// ready.
type Mask struct {
	aliases map[string]string // by what they stand for, with its type before it
	counts  map[string]int    // by type
}

// alias returns the alias of a value: make gets its number among those of its type.
func (m *Mask) alias(typ, value string, name func(n int) string) string {
	key := typ + " " + value
	if m.aliases == nil {
		m.aliases, m.counts = map[string]string{}, map[string]int{}
	}
	if a, known := m.aliases[key]; known {
		return a
	}
	m.counts[typ]++
	a := name(m.counts[typ])
	m.aliases[key] = a
	return a
}

// Line masks an event: addresses, ICE credentials and fingerprints, the room, chat, and
// all that is said of the relay.
func (m *Mask) Line(l trace.Line) trace.Line {
	e := &l.Event
	switch kind := string(e.Kind); {
	case strings.HasPrefix(kind, "chat-"):
		if e.Detail != "" {
			e.Detail = fmt.Sprintf("(%d bytes)", len(e.Detail))
		}
		e.Err = nil
	case strings.HasPrefix(kind, "relay-"), strings.HasPrefix(kind, "room-"):
		e.Detail, e.Err = "", nil
	}
	e.Detail = m.words(e.Detail)
	if e.Err != nil {
		e.Err = said(m.words(e.Err.Error()))
	}
	e.SDP = m.SDP(e.SDP)
	if e.Level() != "" {
		l.Text = e.String()
	} else {
		l.Text = m.words(l.Text)
	}
	return l
}

// Input masks what came into a negotiation.
func (m *Mask) Input(in trace.Input) trace.Input {
	in.SDP, in.Err = m.SDP(in.SDP), m.words(in.Err)
	in.Candidate = m.Candidate(in.Candidate)
	if in.Ufrag != "" {
		in.Ufrag = m.ufrag(in.Ufrag)
	}
	return in
}

// said is an error that was read, or masked.
type said string

func (s said) Error() string { return string(s) }

// SDP masks a description. What it was good for it is good for afterwards: each alias is
// a value of the same type.
func (m *Mask) SDP(sdp string) string {
	if sdp == "" {
		return ""
	}
	var b strings.Builder
	for line := range strings.Lines(sdp) {
		text := strings.TrimRight(line, "\r\n")
		b.WriteString(m.sdpLine(text) + line[len(text):])
	}
	return b.String()
}

func (m *Mask) sdpLine(line string) string {
	key, value, _ := strings.Cut(line, ":")
	switch key {
	case "a=ice-ufrag":
		return key + ":" + m.ufrag(value)
	case "a=ice-pwd":
		return key + ":" + m.alias("pwd", value, func(n int) string { return fmt.Sprintf("pwd%019d", n) })
	case "a=fingerprint":
		return key + ":" + m.fingerprint(value)
	case "a=candidate":
		return key + ":" + m.Candidate(value)
	case "a=ssrc":
		if id, cname, found := strings.Cut(value, " cname:"); found {
			return key + ":" + id + " cname:" + m.alias("cname", cname, func(n int) string { return "cname" + strconv.Itoa(n) })
		}
	}
	if strings.HasPrefix(line, "o=") || strings.HasPrefix(line, "c=") || key == "a=rtcp" || key == "a=remote-candidates" {
		return m.addresses(line)
	}
	switch { // other lines of people: name, information, link, mail and telephone
	case len(line) > 2 && line[1] == '=' && strings.ContainsRune("siuep", rune(line[0])) && line != "s=-":
		return line[:2] + "-"
	}
	return line
}

func (m *Mask) ufrag(u string) string {
	return m.alias("ufrag", u, func(n int) string { return fmt.Sprintf("ufrag%03d", n) })
}

// fingerprint keeps the hash function, and so the number of digits.
func (m *Mask) fingerprint(value string) string {
	function, digits, found := strings.Cut(value, " ")
	if !found {
		return value
	}
	return function + " " + m.alias("fingerprint", strings.ToUpper(digits), func(n int) string {
		number := fmt.Sprintf("%0*X", strings.Count(digits, ":")*2+2, n)
		var b strings.Builder
		for i := 0; i+2 <= len(number); i += 2 {
			if i > 0 {
				b.WriteByte(':')
			}
			b.WriteString(number[i : i+2])
		}
		return b.String()
	})
}

// Candidate masks a candidate, with or without "candidate:" before it.
func (m *Mask) Candidate(candidate string) string {
	words := strings.Split(candidate, " ")
	for i, word := range words {
		switch {
		case i > 0 && words[i-1] == "ufrag":
			words[i] = m.ufrag(word)
		case i > 0 && words[i-1] == "pwd":
			words[i] = "-"
		case i > 0:
			words[i] = m.address(word)
		}
	}
	return strings.Join(words, " ")
}

// addresses masks the words of a line that are addresses.
func (m *Mask) addresses(line string) string {
	words := strings.Split(line, " ")
	for i, word := range words {
		words[i] = m.address(word)
	}
	return strings.Join(words, " ")
}

// address masks a word that is an IP address or a name of the local network. What it is
// for stays: the loopback as it is, private as private, and so on.
func (m *Mask) address(word string) string {
	if strings.HasSuffix(strings.ToLower(word), ".local") {
		return m.alias("name", strings.ToLower(word), func(n int) string { return fmt.Sprintf("host%d.local", n) })
	}
	ip, err := netip.ParseAddr(word)
	if err != nil || ip.IsLoopback() || ip.IsUnspecified() || ip.IsMulticast() {
		return word
	}
	typ, prefix := "public", "198.18."
	switch {
	case ip.Unmap().Is4() && ip.IsLinkLocalUnicast():
		typ, prefix = "link", "169.254."
	case ip.Unmap().Is4() && ip.IsPrivate():
		typ, prefix = "private", "10.0."
	case ip.Unmap().Is4():
	case ip.IsLinkLocalUnicast():
		typ, prefix = "link6", "fe80::"
	case ip.IsPrivate():
		typ, prefix = "private6", "fd00::"
	default:
		typ, prefix = "public6", "2001:db8::"
	}
	return m.alias(typ, ip.String(), func(n int) string {
		if strings.HasSuffix(prefix, ":") {
			return prefix + strconv.FormatInt(int64(n), 16)
		}
		return prefix + strconv.Itoa(n>>8&255) + "." + strconv.Itoa(n&255)
	})
}

// words masks text for people: every address in it, and what has an alias already.
func (m *Mask) words(text string) string {
	if text == "" {
		return ""
	}
	var b strings.Builder
	for text != "" {
		n := strings.IndexFunc(text, func(r rune) bool { return !part(r) })
		switch {
		case n < 0:
			n = len(text)
		case n == 0:
			n = strings.IndexFunc(text, part)
			if n < 0 {
				n = len(text)
			}
			b.WriteString(text[:n])
			text = text[n:]
			continue
		}
		b.WriteString(m.word(text[:n]))
		text = text[n:]
	}
	return b.String()
}

// part reports whether r may be in an address, a ufrag, a password or a fingerprint.
func part(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune(".:+/-_=%", r)
}

func (m *Mask) word(word string) string {
	for _, typ := range []string{"ufrag", "pwd", "fingerprint", "cname"} {
		value := word
		if typ == "fingerprint" {
			value = strings.ToUpper(word)
		}
		if a, known := m.aliases[typ+" "+value]; known {
			return a
		}
	}
	trimmed := strings.TrimRight(word, ".:")
	end := word[len(trimmed):]
	if a := m.address(trimmed); a != trimmed {
		return a + end
	}
	if host, port, found := cutLast(trimmed, ":"); found {
		return m.address(host) + ":" + port + end
	}
	return word
}

func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}

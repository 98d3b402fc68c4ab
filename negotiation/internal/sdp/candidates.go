package sdp

// KeepCandidates removes each candidate for which keep, called with its value,
// returns false.
// https://www.rfc-editor.org/rfc/rfc8839#section-5.1
func (d *Description) KeepCandidates(keep func(value string) bool) {
	unwanted := func(line string) bool {
		value, ok := valueOf(line, "candidate")
		return ok && !keep(value)
	}
	d.remove(unwanted)
	for _, m := range d.Media {
		m.remove(unwanted)
	}
}

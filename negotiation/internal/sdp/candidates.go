package sdp

import "slices"

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

// TakeSpare removes the candidates of sections that are bundled with the section that
// carries the transport, and returns them by mid. They belong to transports that are
// given up with the answer, unless it tags another section.
// https://www.rfc-editor.org/rfc/rfc9143#section-10
func (d *Description) TakeSpare() map[string][]string {
	spare := map[string][]string{}
	carrier, group := d.Carrier(), d.Bundle()
	for _, m := range d.Media {
		if carrier != nil && m != carrier && slices.Contains(group, m.Mid) {
			for _, line := range m.takeCandidates() {
				if value, ok := valueOf(line, "candidate"); ok {
					spare[m.Mid] = append(spare[m.Mid], value)
				}
			}
		}
	}
	return spare
}

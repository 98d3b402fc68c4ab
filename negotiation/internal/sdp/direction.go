package sdp

// Direction is the direction of a transceiver or a section: a bit to send and a bit
// to receive.
// https://www.rfc-editor.org/rfc/rfc8866#section-6.7
type Direction uint8

// The directions.
const (
	Inactive Direction = 0
	Sendonly Direction = 1
	Recvonly Direction = 2
	Sendrecv Direction = 3
)

func (d Direction) String() string {
	return [...]string{"inactive", "sendonly", "recvonly", "sendrecv"}[d&Sendrecv]
}

// Reversed returns d as seen from the other side.
func (d Direction) Reversed() Direction { return d>>1&1 | d&1<<1 }

// DirectionOf parses a direction; any other text is sendrecv.
func DirectionOf(text string) Direction {
	d, _ := directionOf(text)
	return d
}

func directionOf(text string) (Direction, bool) {
	for d := Inactive; d <= Sendrecv; d++ {
		if text == d.String() {
			return d, true
		}
	}
	return Sendrecv, false
}

// direction returns the direction that the lines state.
func (l lines) direction() (Direction, bool) {
	for _, line := range l {
		if key, _, ok := attribute(line); ok {
			if d, is := directionOf(key); is {
				return d, true
			}
		}
	}
	return Sendrecv, false
}

// SetDirection replaces the direction of m.
func (m *Media) SetDirection(to Direction) {
	said := false
	m.remove(func(line string) bool {
		key, _, ok := attribute(line)
		d, is := directionOf(key)
		switch {
		case !ok || !is:
			return false
		case d == to && !said:
			said = true
			return false
		}
		return true
	})
	if !said {
		m.Add(to.String(), "")
	}
	m.Direction = to
}

// LimitDirections has no section of an answer say more than was offered for it.
// libdatachannel (0.24) answers sendrecv whatever was offered, and Chromium (156)
// refuses that.
// https://www.rfc-editor.org/rfc/rfc3264#section-6.1
func (d *Description) LimitDirections(offered []Section) {
	for i := range min(len(d.Media), len(offered)) {
		m := d.Media[i]
		if to := m.Direction & offered[i].Direction.Reversed(); m.Kind != "application" && to != m.Direction {
			m.SetDirection(to)
		}
	}
}

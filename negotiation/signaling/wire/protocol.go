package wire

import "strconv"

// Protocol numbers, see the package comment.
const (
	Protocol      = 1 // spoken by this source
	MinProtocol   = 1 // the lowest that it accepts
	FirstProtocol = 1 // of programs that state none
)

// ParseProtocol parses the number in a client's query. Anything but a whole number
// counts as [FirstProtocol].
func ParseProtocol(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil {
		return FirstProtocol
	}
	return n
}

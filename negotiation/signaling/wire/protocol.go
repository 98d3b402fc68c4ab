package wire

import "strconv"

// Numbers of the protocol, see the text of the package.
const (
	Protocol      = 1 // that this source speaks
	MinProtocol   = 1 // the lowest that it gets on with
	FirstProtocol = 1 // of everybody who states none
)

// ParseProtocol reads the number in the query of a client. What is absent or not a
// whole number is [FirstProtocol].
func ParseProtocol(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil {
		return FirstProtocol
	}
	return n
}

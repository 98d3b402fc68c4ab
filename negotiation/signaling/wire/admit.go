package wire

import "fmt"

// Admit returns why m may not join a room with these others, or nil. A room holds
// limit peers, and two if any of them states a role: these must differ.
func Admit(m Member, others []Member, limit int) *Error {
	pair := m.Role != ""
	for _, other := range others {
		if other.Role == "" {
			continue
		}
		pair = true
		if other.Role == m.Role {
			return &Error{Code: CodeRoleTaken, Message: fmt.Sprintf(
				"another peer in this room is %s already: take the other role, or meet in another room", m.Role)}
		}
	}
	if pair {
		limit = min(limit, 2)
	}
	if len(others) < limit {
		return nil
	}
	message := fmt.Sprintf("%d peers are in this room, and it holds %d", len(others), limit)
	if pair {
		message += ", because a role was asked for in it"
	}
	return &Error{Code: CodeRoomFull, Message: message + ": meet in another room"}
}

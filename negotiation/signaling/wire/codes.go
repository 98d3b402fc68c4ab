package wire

// Codes of an [Error].
const (
	CodeBadRoom      = "bad-room"      // not a name of a room, see RoomRule
	CodeBadRole      = "bad-role"      // not a role, see RoleRule, or not one that the client may have
	CodeBadRank      = "bad-rank"      // not a rank, see RankRule
	CodeBadKey       = "bad-key"       // not a key, see KeyRule
	CodeBadProtocol  = "bad-protocol"  // a protocol below MinProtocol; final
	CodeBadToken     = "bad-token"     // no token, or none for this room; final
	CodeTokenExpired = "token-expired" // a token that was good; connect again with a newer one
	CodeForbidden    = "forbidden"     // the program around the relay does not let the client in; final
	CodeRoleTaken    = "role-taken"    // another peer has this role in the room
	CodeRoomFull     = "room-full"     // the room holds no more peers
	CodeReplaced     = "replaced"      // the same key connected again; final
	CodeTooLarge     = "too-large"     // a frame over MaxFrame
	CodeSlow         = "slow"          // the client reads too slowly; its queue overflowed
	CodeBusy         = "busy"          // too many at once, in the room or in all; connect again
	CodeUnavailable  = "unavailable"   // a node of the relay that cannot tell where the room lives; connect again
	CodeShutdown     = "shutdown"      // the relay is going down; connect again
	CodeBadMessage   = "bad-message"   // not one JSON object in valid UTF-8, or with a field that only the relay may send
	CodeNotFound     = "not-found"     // no peer with the id in "to" is in the room
)

// closeCodes are the WebSocket close codes of the errors (RFC 6455, section
// 7.4). Those from 4000 on are ours, after the HTTP status of similar meaning.
// 0: the connection stays open.
var closeCodes = []struct {
	code  string
	close int
}{
	{CodeBadRoom, 4400},
	{CodeBadRole, 4400},
	{CodeBadRank, 4400},
	{CodeBadKey, 4400},
	{CodeBadProtocol, 4400},
	{CodeBadToken, 4401},
	{CodeTokenExpired, 4401},
	{CodeForbidden, 4403},
	{CodeSlow, 4408},
	{CodeRoleTaken, 4409},
	{CodeRoomFull, 4409},
	{CodeReplaced, 4410},
	{CodeBusy, 4503},
	{CodeTooLarge, 1009},
	{CodeShutdown, 1012},
	{CodeUnavailable, 1013},
	{CodeBadMessage, 0},
	{CodeNotFound, 0},
}

// CloseCode returns the close code with which the relay closes the connection after
// an error, or 0 if the connection stays open. For an unknown code it is 4400.
func CloseCode(code string) int {
	for _, row := range closeCodes {
		if row.code == code {
			return row.close
		}
	}
	return 4400
}

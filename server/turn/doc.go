// Package turn is a TURN and STUN server (RFC 8656, RFC 8489) for the members of rooms
// that find no direct way to each other, over pion's. It listens at one port for UDP and
// TCP, and there for TLS, too.
//
// # Credentials
//
// Names and passwords are those of the TURN REST API: they carry their expiry and are
// signed with a [Secret], so that the relay can issue them and a server, this one or an
// external coturn, can check them without asking. The expiry is checked only when an
// allocation is made: a call outlives the credentials with which it began.
//
// # Guarantees
//
//   - No client reaches an address that is not of the public internet: see [Special].
//     Nor does it reach this machine, at any of its addresses, but for ports at which
//     other clients have an allocation at that moment.
//   - An allocation relays UDP only. Connections and ports that are asked for are refused.
//   - An id, an address and all clients together have a quota of allocations, and a
//     bandwidth for what they relay. Packets beyond it are lost, as in a full network.
//   - A connection that has no allocation for a minute is closed. Requests of clients
//     without one are answered at a pace, so that the server is of no use to flood others.
//   - The log has ids, and no addresses, names or passwords.
package turn

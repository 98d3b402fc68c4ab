// Package nats is an example of a [signaling.Transport]: a room over NATS core, which
// delivers at most once and knows nothing of who is there.
//
//	p, err := peer.Join(ctx, peer.Config{
//		Options: signaling.Options{Server: "nats://localhost:4222", Room: "lobby"},
//		Dial:    nats.Dial,
//	})
//
// # Subjects
//
//	pn.ROOM.here.ID      ID is there, and states {"role","rank"}: to all, now and then
//	pn.ROOM.gone.ID      ID leaves: to all
//	pn.ROOM.to.ID.FROM   an envelope for ID
//
// ROOM is the room's name in base64url. A peer that is not heard for some seconds has
// left.
//
// # Identity
//
// A message is from the peer that its subject names. So the NATS server must let each
// client publish under its own id alone: the client logs in with its id as the user and
// its key as the password, and [Permissions] are what the user of an id may do. Whether
// the id belongs to the key the server sees by identity.Of, or from its list of users.
package nats

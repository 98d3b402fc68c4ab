// Package recovery restores a connection that is lost, or has it replaced.
//
// A connection that is disconnected for 3 s, or that has failed, restarts ICE: after 5,
// 10 and 20 s once more, and then a new connection takes its place. Both sides notice
// the loss, but only the impolite peer restarts. The polite one asks it to, because a
// restart of its own that collides would cost a polite native peer its network path.
//
// A new connection is needed, too, if the other side answers a restart without
// restarting, and if an offer of it was refused and it makes no other within 5 s.
//
// # Use
//
// Most users need [Attach]: it is negotiation.Attach with a [Recovery]. The polite
// peer's ask goes over the same signalling as the descriptions, as a message of your
// own. If your signalling may lose messages, use package call instead, which has all of
// this built in.
package recovery

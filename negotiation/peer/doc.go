// Package peer joins a room and pairs with every peer in it: one PeerConnection
// per remote peer, negotiated by package negotiation, with chat over data
// channels. A browser tab and a native process run the same code.
//
//	p, err := peer.Join(ctx, peer.Config{
//		Options:   signaling.Options{Server: "http://localhost:8080", Room: "lobby"},
//		OnConnect: func(p *peer.Peer, id string) { _ = p.Say(id, "hello") },
//		OnMessage: func(_ *peer.Peer, from string, m peer.Message) { fmt.Printf("%s: %q\n", from, m) },
//	})
//
// [Config] says what else there is to know of peers, and when. [Peer.Peers] tells who is
// there, [Peer.Publish] sends sound and pictures. The trace, [Config].Trace, is for those
// who want to see how it is done; nothing needs it.
//
// # Who is polite
//
// Exactly one of a pair is polite. Both compute the roles from what the relay
// told them:
//
//  1. An explicit role. One explicit role gives the other side the opposite; the
//     relay refuses two equal ones.
//  2. Else the higher rank is polite: 0 Chromium, 1 other browsers, 2 Firefox,
//     3 native pion. A polite peer gathers candidates later if it offers first,
//     which costs a native peer nothing.
//  3. On a tie the smaller id is polite.
//
// A peer with neither role nor rank is a page that does not know these rules,
// and is not paired.
//
// # Sessions
//
// A session is one life of one side of a connection. The two sides of a
// PeerConnection are two sessions that are bound to each other by package
// [perfect-negotiation/negotiation/signaling/link], over which their messages
// arrive exactly once and in order. When one side has a new session (its page was
// reloaded, its process restarted, its connection given up), both get a new
// PeerConnection. Losing the relay ends nothing: messages wait until it is back.
package peer

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
// Say is for lines that people read. [Peer.Open] makes a [Channel] for everything else:
// bytes or text, reliable or not; [Broadcast] sends over several, and package netconn
// makes a [net.Conn] of one.
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
//
// # Data channels
//
// A data channel without protocol carries chat: each message is text that people read. A
// [Channel] has one of two protocols (RFC 8832, section 5.1).
//
// On one with the protocol "pn", messages are just that. A page in plain JavaScript can
// open such a channel, and gets one from [Peer.Open]. If they come faster than they are
// received, and 1 MB waits: a native peer stops reading, which slows all that the other
// side sends; a browser cannot, and a reliable channel ends with an error. Where the
// channel is not reliable, messages are dropped instead.
//
// Two peers of this package speak "pn.credit" over reliable channels, so that no more than
// 1 MB waits in each, and others are not slowed. A text message is text. A binary message
// begins with a byte that says what follows:
//
//	0  the bytes of a message
//	1  a total, as 8 bytes, big-endian: the other side may send that much
//	2  a total: all that was sent, and nothing follows
//
// Totals count the messages of text and bytes since the channel opened, each as its bytes,
// without the first one, and 256 more. At first nothing may be sent: the opener grants
// 1 MB, then the other side does if it takes the channel, and both grant what they have
// taken later, half a MB or more at a time. No message has more than 512 KB less 256
// bytes. When all has come, whoever gets the total 2 closes the data channel: so an end
// can be told from a broken connection.
package peer

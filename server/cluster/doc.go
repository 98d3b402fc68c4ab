// Package cluster has several relays serve the same rooms, over NATS.
//
// # One owner per room
//
// Each room lives on one node, its owner, whose relay decides about it as one without
// others does: roles, capacity, and the order of welcome, joined, left and messages. Other
// nodes hold the WebSockets of clients, and pass on what they and the room say:
//
//	client           edge                             owner             client
//	  ├─ GET /ws ────→│                                 │←── GET /ws ──────┤
//	  │               ├─ KV: create the claim ─→ theirs │                  │
//	  │               ├─ join ─────────────────────────→│                  │
//	  │←── welcome ───┤←──────────────────── welcome ───┤                  │
//	  │               │                                 ├─── joined ──────→│
//	  ├─ message ────→├─ tell (checked, with "from") ──→├─── message ─────→│
//	  │←── message ───┤←─────────────────────── text ───┤←── message ──────┤
//	  ╳               ├─ leave ────────────────────────→├─── left ────────→│
//
// A claim is an entry of the bucket pn-rooms: a fingerprint of the room's name → the id of
// its owner. It is created for the first client, purged a second after the last one has
// left, and taken over only if all of this holds: the owner's lease in pn-nodes, 3 s long
// and renewed each second, is gone; KV has been writable for 5 s without a break, because
// an outage of KV lets all leases expire; and the owner is out of reach, too.
//
// # Links
//
// Between two nodes there is a link: packets of frames under the subject
// pn.<to>.<from>, numbered each way. NATS delivers at most once, so a packet may be
// missing. Then the link breaks: at the owner the guests leave their rooms, at the edge
// the clients are told to come back (close code 1012). Both sides begin a new epoch, whose
// packets name the epoch of the other side that they go by, so nothing of the old one is
// ever taken for the new. The links of peers retransmit end to end, so nothing is lost. A
// packet that comes twice is taken once.
//
// A node beats each half second on links that have clients. One that was killed is noticed
// because NATS knows no receiver for 1 s, one that stands still because it is silent for
// 3 s. While NATS is away, packets wait: links break only if something was lost.
//
// An owner that stood still may believe in rooms that it has lost. What it then sends
// belongs to epochs that are over. When it finds that its lease was not renewed in time it
// asks KV for each of its claims, and ends the rooms that others have. Claims are ordered
// by their revisions in KV (see term): an edge that learns of a later one puts out its
// clients of the earlier, and an owner asked under a later one than its own looks into KV.
//
// # Trust
//
// Nodes trust each other: what one says of its clients is believed. NATS must let nobody
// else publish or subscribe under pn., nor touch the buckets. Frames have descriptions and
// candidates in them, so connections to NATS that leave the machine need TLS.
//
// # Limits
//
// Limits on rooms hold across nodes, but how many rooms there may be is up to each owner.
// Those on clients and addresses hold on each node: a client that comes back to another
// node begins with a fresh allowance. What waits for one node is bounded by 16 MB, beyond
// which the link breaks.
package cluster

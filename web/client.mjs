// Joins a room of a relay, and has a connection with each peer in it: with tabs, native
// peers, and other pages with this module.
//
//   import { join } from "https://relay.example/client.mjs";
//
//   const room = join({ room: "lobby" });
//   room.addEventListener("join", ({ peer: { id, connection } }) => {
//     const chat = connection.createDataChannel("chat");
//     chat.onopen = () => chat.send("hello");
//     connection.ondatachannel = ({ channel }) => {
//       channel.onmessage = ({ data }) => console.log(id, data);
//     };
//   });
//
// client.d.mts documents it. Not spoken here are peers without sessions, and the trace.
// @ts-self-types="./client.d.mts"

import { End } from "./client/link.mjs";
import { Negotiation } from "./client/negotiation.mjs";
import { newKey, newSession, protocol, Relay, RoomError, text, tooOld } from "./client/relay.mjs";
import { limited, seconds, Timer } from "./client/timer.mjs";

export { newKey, RoomError };

const maxFailures = 5; // connections with a peer that fail in a row
const maxRestarts = 3; // before a new connection
const disconnectedFor = 3 * seconds; // until the first: often it recovers by itself
const restartFor = 5 * seconds; // until the next, each twice as long
const absentFor = 10 * seconds; // until a peer that nothing reaches is forgotten
const pairingsAtOnce = 8; // within 2 s: each costs a connection

// Member is another member of the room, with a peer while a session of each is bound.
class Member {
  peer = null; // the room's, for the life of one connection
  polite; // are we
  #id;
  #present = false; // connected to the relay
  #room;
  #link;
  #negotiation;
  #requested; // see limited
  #restartAsked;
  #paired = 0; // when
  #failures = 0;
  #leaving = new Timer(); // set: nothing reaches it
  #lost = new Timer(); // set: the connection is lost
  #restarts = 0;
  #ack = new Timer();
  #again = new Timer();
  #tries = 0;
  #waiting = 0;

  constructor(id, polite, room) {
    this.#id = id;
    this.polite = polite;
    this.#room = room;
    this.#link = new End(newSession, room.hello);
    this.#requested = limited(10, () => this.#negotiation?.request());
    this.#restartAsked = limited(5, () => {
      if (!this.peer || polite || this.#restarts > 0) return; // else it is under way
      if (this.#lost.isSet) this.#restart();
      else this.peer.connection.restartIce();
    });
  }

  get #reachable() { return this.#present && this.#room.isOnline(); }

  moved(present) {
    this.#present = present;
    this.#link.again();
    this.#again.stop();
    this.#tries = 0;
    this.#flush();
    this.#forgetIfGone();
  }

  receive(envelope) {
    const mayBind = Date.now() - this.#paired >= seconds && this.#room.mayPair();
    const { bound, delivered } = this.#link.receive(envelope, mayBind);
    if (bound) this.#pair(envelope.hello);
    if (envelope.bye === true && envelope.s === this.#link.theirs && envelope.r === this.#link.ours) {
      this.#end("other-left");
      this.#link.renew();
      return this.#schedule();
    }
    if (delivered && this.peer) {
      if (envelope.request === "offer") this.#requested();
      else if (envelope.request === "restart") this.#restartAsked();
      else this.#negotiation.receive(envelope);
    }
    this.#flush();
  }

  #send(message) {
    try {
      this.#link.send(message);
    } catch (error) {
      return this.#startOver(error);
    }
    this.#flush();
  }

  #flush() {
    for (const frame of this.#link.frames()) {
      try {
        if (this.#reachable) this.#room.send({ to: this.#id, ...frame }); // the link sends again what is lost
      } catch (error) {
        return this.#startOver(error);
      }
    }
    this.#schedule();
  }

  // schedule sets the timers of the link.
  #schedule() {
    const link = this.#link, progress = link.waiting < this.#waiting;
    const after = (timer, ms, change) => timer.set(ms, () => { change(); this.#flush(); });
    if (!link.owes) this.#ack.stop();
    else if (!this.#ack.isSet) after(this.#ack, 50, () => link.acknowledge());
    const done = link.idle || !this.#reachable || this.#failures > maxFailures;
    if (done || progress) {
      this.#again.stop();
      this.#tries = 0;
    }
    this.#waiting = link.waiting;
    if (done || this.#again.isSet) return;
    const wait = Math.min(500 << this.#tries, 15 * seconds) * (0.8 + 0.4 * Math.random());
    after(this.#again, wait, () => {
      this.#tries = Math.min(this.#tries + 1, 10);
      link.again();
    });
  }

  #pair(hello) {
    this.#end("new-session");
    this.#paired = Date.now();
    this.#room.pairs();
    let connection;
    try {
      connection = new RTCPeerConnection(this.#room.configuration());
    } catch (error) {
      return this.#startOver(error);
    }
    const peer = this.peer = { id: this.#id, polite: this.polite, connection, source: text(hello?.source) };
    const ofIt = (f) => (...args) => { if (this.peer === peer) f(...args); };
    this.#negotiation = new Negotiation(connection, this.polite, ofIt((m) => this.#send(m)), ofIt((error) => this.#startOver(error)));
    connection.addEventListener("connectionstatechange", ofIt(() => this.#stateChanged(connection.connectionState)));
    this.#room.tell("join", { peer });
  }

  #stateChanged(state) {
    if (state === "connected") {
      this.#lost.stop();
      this.#restarts = this.#failures = 0;
    } else if (state === "failed" && this.#restarts === 0) {
      this.#restart();
    } else if (state === "disconnected" && !this.#lost.isSet) {
      this.#lost.set(disconnectedFor, () => this.#restart());
    }
    this.#forgetIfGone();
  }

  // restart restarts ICE. The polite peer asks the other one to, so that they do not collide.
  #restart() {
    if (this.#restarts === maxRestarts) return this.#startOver(new RoomError("restarts-in-vain", "restarting ICE did not help"));
    this.#lost.set(this.#reachable ? restartFor << this.#restarts++ : disconnectedFor, () => this.#restart());
    if (!this.#reachable) return;
    if (this.polite) this.#send({ request: "restart" });
    else this.peer.connection.restartIce();
  }

  #end(reason) {
    const { peer } = this;
    if (!peer) return;
    this.peer = this.#negotiation = null;
    this.#lost.stop();
    this.#restarts = 0;
    peer.connection.close();
    this.#room.tell("leave", { peer, reason });
  }

  // startOver replaces a connection that cannot go on.
  #startOver(cause) {
    const { peer } = this, code = cause.code ?? "failed";
    const givesUp = ++this.#failures > maxFailures;
    const then = givesUp ? "no more is tried until the other side comes again" : "a new connection takes its place";
    this.#room.tell("error", { peer, error: new RoomError(code, `a connection has failed, and ${then}: ${cause.message}`, { cause }) });
    this.#end(code);
    this.#link.renew();
    if (givesUp) this.#link.frames(); // drops the greeting
    this.#flush();
    this.#forgetIfGone();
  }

  #forgetIfGone() {
    if (this.#present || this.peer?.connection.connectionState === "connected") this.#leaving.stop();
    else if (!this.peer) this.forget("other-gone");
    else if (!this.#leaving.isSet) this.#leaving.set(absentFor, () => this.forget("other-gone"));
  }

  forget(reason) {
    this.#room.forget();
    for (const timer of [this.#ack, this.#again, this.#leaving]) timer.stop();
    this.#end(reason);
  }

  close() {
    if (this.#link.theirs && this.#reachable) this.#room.send({ to: this.#id, s: this.#link.ours, r: this.#link.theirs, bye: true });
    this.forget("closed");
  }
}

class RoomEvent extends Event {
  constructor(type, fields) {
    super(type);
    Object.assign(this, fields);
  }
}

// rank decides with which browsers we are polite, see the Go package peer.
function rank() {
  if (navigator.userAgent.includes("Firefox/")) return 2;
  return /Chrom(e|ium)\//.test(navigator.userAgent) ? 0 : 1;
}

/** Room is a room that was joined. */
export class Room extends EventTarget {
  #state = "connecting";
  #self = { id: "", rank: rank() };
  #members = new Map();
  #pairings = []; // when they began
  #iceServers = [];
  #configuration;
  #relay;
  #leave = () => this.close();
  #check = () => this.#relay.check();

  constructor({ room, server = new URL(".", import.meta.url), role = "", key = newKey(), token, ticket, configuration }) {
    super();
    if (!/^[\w-]{22,64}$/.test(key)) throw new RoomError("bad-key", "a key must have 22 to 64 characters of base64url: see newKey");
    this.#self.role = role;
    this.#configuration = configuration;
    const url = new URL(String(server).replace(/^http/, "ws").replace(/\/*$/, "/ws"));
    url.search = new URLSearchParams({ room, rank: this.#self.rank, protocol, ...(role && { role }) });
    this.#relay = new Relay(url.href, { key, token, ticket }, {
      received: (envelope) => this.#received(envelope),
      lost: (error) => this.#lost(error),
    });
    addEventListener("pagehide", this.#leave);
    addEventListener("online", this.#check);
    document.addEventListener("visibilitychange", this.#check);
  }

  get id() { return this.#self.id; }
  get ticket() { return this.#relay.ticket; }
  get state() { return this.#state; }
  get peers() { return [...this.#members.values()].map(({ peer }) => peer).filter(Boolean); }

  check() { this.#relay.check(); }

  close() {
    if (this.#state === "closed") return;
    for (const member of this.#members.values()) member.close();
    this.#relay.close();
    removeEventListener("pagehide", this.#leave);
    removeEventListener("online", this.#check);
    document.removeEventListener("visibilitychange", this.#check);
    this.#enter("closed");
  }

  #tell(type, fields) { this.dispatchEvent(new RoomEvent(type, fields)); }

  #enter(state) {
    if (state === this.#state) return;
    this.#state = state;
    this.#tell("statechange", { state });
  }

  #lost(error) {
    this.#enter("offline");
    this.#tell("error", { error, peer: null });
    if (error.final) this.close();
  }

  #received(envelope) {
    if (this.#state === "closed") return;
    const { welcome, joined, left, iceServers, error, from } = envelope, member = this.#members.get(from);
    if (welcome) this.#welcome(welcome);
    else if (joined) this.#met(joined);
    else if (left) this.#members.get(left.id)?.moved(false);
    else if (iceServers && !from) this.#setICEServers(iceServers);
    else if (error) {
      if (error.code !== "not-found") this.#tell("error", { error: new RoomError(error.code, error.message), peer: null });
    } else if (member && envelope.hello && tooOld(envelope.hello)) {
      this.#refuse(from, "speaks too old a protocol: update its program, or reload its page");
    } else member?.receive(envelope);
  }

  #welcome({ id, role, peers, iceServers }) {
    Object.assign(this.#self, { id, role: role ?? this.#self.role });
    this.#setICEServers(iceServers ?? []);
    this.#enter("online");
    for (const peer of peers) this.#met(peer);
    const there = new Set(peers.map((peer) => peer.id));
    for (const [other, member] of this.#members) if (!there.has(other)) member.moved(false);
  }

  // met is called when either we or the other one have connected to the relay.
  #met(other) {
    if (other.rank === undefined) return this.#refuse(other.id, "states no rank, and so speaks no sessions");
    const polite = this.#polite(other);
    if (this.#members.get(other.id)?.polite === !polite) this.#members.get(other.id).forget("other-gone");
    if (!this.#members.has(other.id)) this.#members.set(other.id, this.#member(other.id, polite));
    this.#members.get(other.id).moved(true);
  }

  // Both sides compute the same. The relay admits no two equal roles.
  #polite({ id, role, rank }) {
    const self = this.#self;
    if (self.role) return self.role === "polite";
    if (role) return role === "impolite";
    return self.rank === rank ? self.id < id : self.rank > rank;
  }

  #refuse(id, why) {
    this.#members.get(id)?.forget("other-gone");
    this.#tell("error", { error: new RoomError("not-paired", `peer ${id} ${why}`), peer: null });
  }

  #member(id, polite) {
    return new Member(id, polite, {
      hello: { source: "client", protocol },
      configuration: () => ({ iceServers: this.#iceServers, ...this.#configuration }),
      isOnline: () => this.#state === "online",
      send: (envelope) => this.#relay.send(envelope),
      tell: (type, fields) => this.#tell(type, fields),
      mayPair: () => {
        this.#pairings = this.#pairings.filter((begin) => Date.now() - begin < 2 * seconds);
        return this.#pairings.length < pairingsAtOnce;
      },
      pairs: () => this.#pairings.push(Date.now()),
      forget: () => this.#members.delete(id),
    });
  }

  // The ICE servers are for new connections and restarts.
  #setICEServers(list) {
    if (JSON.stringify(list) === JSON.stringify(this.#iceServers)) return;
    this.#iceServers = list;
    if (this.#configuration?.iceServers) return;
    for (const peer of this.peers) {
      try {
        peer.connection.setConfiguration({ ...peer.connection.getConfiguration(), iceServers: list });
      } catch (cause) {
        this.#tell("error", { peer, error: new RoomError("bad-servers", `the ICE servers cannot be used: ${cause.message}`, { cause }) });
      }
    }
  }
}

/** join joins a room. */
export const join = (options) => new Room(options);

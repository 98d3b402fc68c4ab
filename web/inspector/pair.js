// A pair is we and one peer: the events of both sides, their messages joined by identity,
// and the items of the ladder. It is bounded: the oldest items go first.

import { connectionState } from "./event.js";
import { Item, ends, leads } from "./exchange.js";
import { ordered } from "./order.js";

/** @typedef {import("./event.js").TraceEvent} TraceEvent */
/** @typedef {import("./exchange.js").Offer} Offer */

/**
 * A message with both its ends.
 * @typedef {object} Joined
 * @property {string} key
 * @property {string} type
 * @property {number} seq
 * @property {"here"|"there"} from
 * @property {?TraceEvent} sent
 * @property {?TraceEvent} received
 * @property {?Item} item
 * @property {?Offer} offer that it is, or answers
 */

const maxEvents = 1000; // that are kept of what happens
const spare = 100; // how many more there may be before the oldest are dropped
const maxWaiting = 32;

const sends = new Set(["offer-sending", "answer-sending", "message-sent"]);
const receives = new Set(["offer-received", "answer-received", "message-received", "collision-ignored", "answer-dropped", "description-refused"]);

// The fate of an offer that a kind tells.
const fates = { "answer-sending": "answered", "answer-received": "answered", "collision-ignored": "ignored", "collision-rollback": "taken back", "description-refused": "refused", "offer-failed": "refused" };

// An offer that could not even be made is about the one before.
const isDescription = (e) => (e.msg?.type === "offer" || e.msg?.type === "answer") && e.why !== "cannot-offer";

export class Pair {
  /**
   * @param {string} id of the remote peer
   * @param {number} [most] how many events are kept
   */
  constructor(id, most = maxEvents) {
    this.id = id;
    this.most = most;
    /** @type {TraceEvent[]} those that are kept, in the order in which they came */
    this.events = [];
    /** @type {Item[]} exchanges, and what happened between them */
    this.items = [];
    /** @type {Map<string, Joined>} */
    this.messages = new Map();
    /** How many events were dropped, and how many items with them. */
    this.dropped = { events: 0, items: 0 };
    this.version = 0;
    this.sides = { here: new Side(), there: new Side() };
    this.count = 0; // items, ever
    this.away = 0; // when the relay went; 0: it is there
    this.gone = false; // the other side is
    this.delays = { here: Infinity, there: Infinity }; // the shortest, from each side
  }

  /** The exchanges, collisions among them. @returns {Item[]} */
  get exchanges() {
    return this.items.filter((item) => item.kind !== "aside");
  }

  get collisions() {
    return this.items.filter((item) => item.kind === "collision");
  }

  /** Our role, and the other one's; "" before it is known. */
  role(side) {
    const { role } = this.sides[side];
    if (role || side === "here") return role;
    return { polite: "impolite", impolite: "polite" }[this.sides.here.role] ?? "";
  }

  /** Whether the other side sends its trace. */
  get traced() {
    return this.sides.there.last !== null;
  }

  /** How far the other side's clock is ahead of ours, in ms, as the messages tell. */
  get offset() {
    const { here, there } = this.delays;
    if (here === Infinity) return there === Infinity ? 0 : -there;
    return there === Infinity ? here : (here - there) / 2;
  }

  /** All events as the ladder shows them: by cause, and by clock only where that is silent. */
  ordered() {
    if (this.#orderedAt !== this.version) {
      this.#ordered = this.items.flatMap((item) => ordered(item.events, this.offset));
      this.#orderedAt = this.version;
    }
    return this.#ordered;
  }
  #ordered = [];
  #orderedAt = -1;

  /**
   * The event that led to another one, on its side. It has a lower number, whatever the
   * other side tells: causes of causes come to an end.
   * @param {TraceEvent} e @returns {?TraceEvent}
   */
  cause(e) {
    return (e.cause && e.cause < e.n && this.sides[e.side].byNumber.get(e.cause)) || null;
  }

  /** @param {TraceEvent} e */
  joined(e) {
    return (e.msg && this.messages.get(e.msg.key)) || null;
  }

  /** Takes an event. @param {TraceEvent} e */
  add(e) {
    this.version++;
    this.events.push(e);
    this.sides[e.side].see(e);
    if (e.side === "here" && e.kind === "relay-lost") this.away ||= e.t;
    if (e.side === "here" && e.kind === "relay-connected") this.away = 0;
    if (e.side === "here" && (e.kind === "peer-gone" || e.kind === "unpaired")) this.gone = true;
    if (e.side === "here" && e.kind === "paired") this.gone = false;
    if (isDescription(e)) this.#description(e);
    else this.#other(e);
    if (this.events.length > this.most + spare) this.#trim();
  }

  #description(e) {
    const m = this.#join(e);
    const side = this.sides[e.side];
    if (!m.item && m.type === "offer") this.#begin(m, e);
    if (m.type === "answer") {
      const to = this.joined(this.cause(e) ?? e);
      m.offer ??= to?.offer ?? null;
      m.item ??= to?.item ?? this.#open() ?? this.#aside();
    }
    for (const waiting of side.waiting.splice(0)) m.item.add(waiting);
    m.item.add(e);
    side.item = m.item;
    const fate = fates[e.kind];
    if (fate) m.item.settle(m.offer, fate, e);
  }

  // begin finds the exchange of a new offer.
  #begin(m, e) {
    const open = this.#open();
    m.item = open?.continues(e, this.#asked(e, open)) ? open : this.#append("exchange");
    m.offer = m.item.offer(e);
  }

  // asked reports whether the offer is for a request from outside the exchange.
  #asked(e, item) {
    const cause = this.cause(e);
    return cause !== null && cause.kind !== "negotiation-needed" && cause.item !== item;
  }

  // open is the last exchange, if nothing but asides came after it.
  #open() {
    for (let i = this.items.length - 1; i >= 0; i--) if (this.items[i].kind !== "aside") return this.items[i];
    return null;
  }

  #other(e) {
    const side = this.sides[e.side];
    if (e.msg) this.#join(e);
    const open = e.side === "there" ? side.item : this.#open();
    if (ends.has(e.kind) && e.side === "here") {
      open?.abandon();
      this.#aside().add(e);
      this.items.at(-1).over = true;
    } else if (open && open.kind !== "aside" && open.takes(e) && !(leads.has(e.kind) && open.settled)) {
      open.add(e);
    } else if (leads.has(e.kind)) {
      side.waiting.push(e);
      if (side.waiting.length > maxWaiting) this.#aside().add(side.waiting.shift());
    } else {
      this.#aside().add(e);
    }
  }

  #append(kind) {
    const item = new Item(++this.count, kind);
    item.away = this.away;
    item.connection = { here: this.sides.here.connection, there: this.sides.there.connection };
    this.items.push(item);
    return item;
  }

  // aside is the item for what belongs to no exchange.
  #aside() {
    const last = this.items.at(-1);
    return last?.kind === "aside" && !last.over ? last : this.#append("aside");
  }

  // join notes an end of a message.
  #join(e) {
    const { key, type, seq, from } = e.msg;
    let m = this.messages.get(key);
    if (!m) {
      m = { key, type, seq, from, sent: null, received: null, item: null, offer: null };
      this.messages.set(key, m);
    }
    if (e.side === from && sends.has(e.kind)) m.sent ??= e;
    if (e.side !== from && receives.has(e.kind)) m.received ??= e;
    if (m.sent && m.received && (e === m.sent || e === m.received)) {
      this.delays[from] = Math.min(this.delays[from], m.received.t - m.sent.t);
    }
    return m;
  }

  #trim() {
    while (this.events.length - this.items[0].events.length >= this.most && this.items.length > 1) {
      const item = this.items.shift();
      this.dropped.items++;
      this.events = this.events.filter((e) => e.item !== item);
      this.dropped.events += item.events.length + item.more;
      for (const e of item.events) this.#forget(e);
    }
    // What no item has: it waits, or was too much for one.
    while (this.events.length > this.most + spare) this.#forget(this.events.shift());
  }

  #forget(e) {
    if (e.msg) this.messages.delete(e.msg.key);
    const { byNumber } = this.sides[e.side];
    if (byNumber.get(e.n) === e) byNumber.delete(e.n);
  }
}

/** What is known of a side of a pair. */
class Side {
  state = "stable";
  held = false;
  role = "";
  life = 0;
  connection = ""; // its state; "" before it is known
  /** @type {?TraceEvent} */
  last = null;
  /** @type {Map<number, TraceEvent>} */
  byNumber = new Map();
  /** @type {TraceEvent[]} that lead to an offer, which is not known yet */
  waiting = [];
  /** @type {?Item} where its last message is */
  item = null;

  /** @param {TraceEvent} e */
  see(e) {
    if (e.life > this.life) {
      this.life = e.life;
      this.byNumber.clear(); // the other side may have begun anew
    }
    if (e.n) this.byNumber.set(e.n, e);
    if (e.state) {
      this.state = e.state;
      this.held = e.held;
    }
    if (e.role) this.role = e.role;
    this.connection = connectionState(e) || this.connection;
    this.last = e;
  }
}

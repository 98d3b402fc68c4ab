// An exchange is what happens from the first offer until both sides are stable again. A
// collision is one exchange, with the offer that is made once more.

/** @typedef {import("./event.js").TraceEvent} TraceEvent */

/**
 * An offer and what became of it.
 * @typedef {object} Offer
 * @property {string} key
 * @property {number} seq
 * @property {"here"|"there"} from the side that made it
 * @property {"pending"|"answered"|"ignored"|"taken back"|"refused"|"abandoned"} fate
 * @property {?Offer} renews the one that lost, which it makes once more
 * @property {boolean} renewed another one makes it once more
 */

/** Kinds that lead to an offer: they are shown with the exchange that follows. */
export const leads = new Set(["negotiation-needed", "renegotiate", "restart", "restarting", "restart-asked", "sending-started", "sending-stopped", "channel-created", "collide-armed"]);

/** Kinds that end what two sessions had together. */
export const ends = new Set(["unpaired", "starting-over", "given-up", "failed", "peer-gone"]);

const lasts = 1000; // ms in which an offer that lost is made once more
const follows = 3000; // ms in which what happens still belongs to an exchange
const maxEvents = 400;

const lost = (offer) => (offer.fate === "ignored" || offer.fate === "taken back") && !offer.renewed;

/** An Item is a line of the ladder: an exchange, a collision, or what happens between them. */
export class Item {
  /**
   * @param {number} n its number in the pair
   * @param {"exchange"|"collision"|"aside"} kind
   */
  constructor(n, kind) {
    this.n = n;
    this.kind = kind;
    /** @type {TraceEvent[]} in the order in which they came */
    this.events = [];
    /** @type {Map<string, Offer>} */
    this.offers = new Map();
    /** It counts up whenever there is something new to draw. */
    this.version = 0;
    /** How many events were too many to keep. */
    this.more = 0;
    this.last = { here: 0, there: 0 }; // when something happened last, by each clock
    this.away = 0; // when the relay went, if it was gone at the beginning
    this.connection = { here: "", there: "" }; // the state of the connection at the beginning, as each side sees it
    this.ended = 0; // when the last offer was settled, by our clock
  }

  /** Nothing is pending. */
  get settled() {
    for (const offer of this.offers.values()) if (offer.fate === "pending") return false;
    return true;
  }

  /** When it began, by our clock if we took part. */
  get begin() {
    const first = this.events.find((e) => e.side === "here" && e.msg) ?? this.events.find((e) => e.side === "here") ?? this.events[0];
    return first?.t ?? 0;
  }

  /** How long it took until both sides were stable, in ms. */
  get took() {
    return this.ended ? Math.max(0, this.ended - this.begin) : 0;
  }

  /** @param {TraceEvent} e */
  add(e) {
    this.version++;
    if (this.events.length < maxEvents) this.events.push(e);
    else this.more++;
    e.item = this;
    this.last[e.side] = Math.max(this.last[e.side], e.t);
  }

  /** Whether what happens now without a message still belongs to it. @param {TraceEvent} e */
  takes(e) {
    return !this.settled || e.t - this.last[e.side] < follows;
  }

  /**
   * Whether a new offer belongs to it: the exchange is not over, or a collision is, and
   * the side that lost offers once more.
   * @param {TraceEvent} e the first that mentions the offer
   * @param {boolean} asked the offer is for a request that came later
   */
  continues(e, asked) {
    if (this.kind === "aside") return false;
    if (!this.settled) return true;
    return !asked && this.loser(e.msg.from) !== undefined && e.t - this.last[e.side] < lasts;
  }

  /** The offer of a side that has lost and was not made once more. */
  loser(side) {
    return [...this.offers.values()].find((o) => o.from === side && lost(o));
  }

  /** @param {TraceEvent} e the first that mentions the offer @returns {Offer} */
  offer(e) {
    const { key, seq, from } = e.msg;
    let offer = this.offers.get(key);
    if (!offer) {
      const renews = this.loser(from) ?? null;
      if (renews) renews.renewed = true;
      offer = { key, seq, from, fate: "pending", renews, renewed: false };
      this.offers.set(key, offer);
    }
    return offer;
  }

  /** @param {?Offer} offer @param {Offer["fate"]} fate @param {TraceEvent} e */
  settle(offer, fate, e) {
    if (offer && (offer.fate === "pending" || fate === "taken back")) offer.fate = fate;
    if (fate === "ignored" || fate === "taken back") this.kind = "collision";
    if (e.side === "here" && this.settled) this.ended = e.t;
  }

  /** Nothing will answer what is still pending. */
  abandon() {
    for (const offer of this.offers.values()) if (offer.fate === "pending") offer.fate = "abandoned";
    this.version++;
  }
}

// The store holds what the page shows of the trace: pairs, their exchanges, what is
// selected, and whether the page follows what happens or stands at a step. Pure data:
// it knows no DOM, and tells of changes by events.

import { parse } from "./event.js";
import { Pair } from "./pair.js";

/** @typedef {import("./event.js").TraceEvent} TraceEvent */
/** @typedef {import("./exchange.js").Item} Item */

const maxPairs = 64;
const maxRead = 10_000; // events of a pair that are kept of a file

const inputs = '{"pn":"input"'; // what a file has for a replay is not shown

// Events without a peer that concern every pair: no message can cross without the relay.
const ofAll = new Set(["relay-lost", "relay-connected", "relay-refused", "relay-replaced"]);

/**
 * Events of it:
 * - "change": there are new events, or another pair is shown; at most once a frame;
 * - "select": another event is selected, or none;
 * - "mode": it is live, or paused.
 */
export class Store extends EventTarget {
  /** @type {Map<string, Pair>} by the peer's id, the oldest first */
  pairs = new Map();

  /** @type {?Pair} the pair that is shown */
  current = null;

  /** @type {?TraceEvent} */
  selected = null;

  /** The page follows what happens. Otherwise it stands at the position. */
  live = true;

  /** The name of the file that is shown instead of what happens; "" if there is none. */
  file = "";

  /** @type {?Store} what happens, while a file is shown */
  #behind = null;

  #most = undefined; // events of a pair
  #count = 0;
  #changed = false;
  #chosen = false; // by the reader

  /** Takes lines of the trace, joined by "\n". What is no event is skipped. @param {string} text */
  add(text) {
    if (this.#behind) return this.#behind.add(text);
    for (const line of text.split("\n")) {
      const e = line && !line.startsWith(inputs) && parse(line);
      if (e) this.#take(e);
    }
    this.#change();
  }

  /**
   * Shows the events of a file. What happens meanwhile is kept, until close.
   * @param {string} text lines of the trace
   * @param {string} name of the file
   */
  open(text, name) {
    this.#behind ??= new Store().#swap(this);
    const read = new Store();
    read.file = name;
    read.live = false;
    read.#most = maxRead;
    read.add(text);
    this.#swap(read);
    this.#told();
  }

  /** Shows again what happens. */
  close() {
    if (!this.#behind) return;
    this.#swap(this.#behind);
    this.#behind = null;
    this.#told();
  }

  // swap exchanges what two stores hold, and returns this one.
  #swap(other) {
    for (const name of ["pairs", "current", "selected", "live", "file"]) [this[name], other[name]] = [other[name], this[name]];
    [this.#most, other.#most] = [other.#most, this.#most];
    [this.#count, other.#count] = [other.#count, this.#count];
    [this.#chosen, other.#chosen] = [other.#chosen, this.#chosen];
    return this;
  }

  #told() {
    for (const kind of ["change", "select", "mode"]) this.dispatchEvent(new Event(kind));
  }

  #take(e) {
    e.i = ++this.#count;
    if (e.peer) return this.#pair(e.peer).add(e);
    if (ofAll.has(e.kind)) for (const pair of this.pairs.values()) pair.add({ ...e, life: pair.sides.here.life });
  }

  #pair(id) {
    let pair = this.pairs.get(id);
    if (!pair) {
      pair = new Pair(id, this.#most);
      this.pairs.set(id, pair);
      if (this.pairs.size > maxPairs) this.#drop();
    }
    // Who has not chosen sees the pair in which something happens first, while it lasts.
    if (!this.current || (!this.#chosen && (this.current.gone || !this.current.exchanges.length))) this.current = pair;
    return pair;
  }

  #drop() {
    for (const id of this.pairs.keys()) {
      if (id === this.current?.id) continue;
      this.pairs.delete(id);
      return;
    }
  }

  // change tells of what is new, once a frame; a hidden page has no frames.
  #change() {
    if (this.#changed) return;
    this.#changed = true;
    const tell = () => {
      this.#changed = false;
      this.dispatchEvent(new Event("change"));
    };
    if (globalThis.document?.hidden === false) requestAnimationFrame(tell);
    else setTimeout(tell, 100);
  }

  /** Shows a pair. @param {string} id */
  show(id) {
    const pair = this.pairs.get(id);
    if (!pair || pair === this.current) return;
    this.#chosen = true;
    this.current = pair;
    if (this.file) this.select(null);
    else this.follow();
    this.#change();
  }

  /** Selects an event, and stands at it. @param {?TraceEvent} e */
  select(e) {
    if (e === this.selected) return;
    this.selected = e;
    if (e) this.#mode(false);
    this.dispatchEvent(new Event("select"));
  }

  /** The event up to which the page tells: the selected one, or else the newest. @returns {?TraceEvent} */
  get position() {
    return this.selected ?? this.current?.ordered().at(-1) ?? null;
  }

  /** What happened up to the position, in the order of the ladder. @returns {TraceEvent[]} */
  past() {
    const all = this.current?.ordered() ?? [];
    const at = this.selected ? all.indexOf(this.selected) : -1;
    return at < 0 ? all : all.slice(0, at + 1);
  }

  /**
   * Selects the next event, or one before.
   * @param {number} by how many further; negative: back
   * @param {(e: TraceEvent) => boolean} [seen] which ones count
   */
  step(by, seen = () => true) {
    const all = (this.current?.ordered() ?? []).filter(seen);
    if (!all.length) return;
    const at = all.indexOf(this.selected);
    const next = at < 0 ? (by < 0 ? all.length + by : by - 1) : at + by;
    this.select(all[Math.min(Math.max(next, 0), all.length - 1)]);
  }

  /** Follows what happens, from now on. */
  follow() {
    if (this.file) return this.close();
    this.select(null);
    this.#mode(true);
  }

  /** Stands where it is. */
  pause() {
    this.#mode(false);
  }

  #mode(live) {
    if (live === this.live) return;
    this.live = live;
    this.dispatchEvent(new Event("mode"));
  }
}

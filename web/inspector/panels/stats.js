// What a connection tells about its network: candidate pairs, the selected one and why, and
// how much flows. It is asked once a second, and only while somebody looks.
// https://www.w3.org/TR/webrtc-stats/

const every = 1000; // ms
const maxSamples = 120;
const maxPairs = 60;

/**
 * A pair of candidates.
 * @typedef {object} CandidatePair
 * @property {string} id
 * @property {string} local "host udp 127.0.0.1:4000"
 * @property {string} remote
 * @property {string} state "frozen", "waiting", "in-progress", "failed" or "succeeded"
 * @property {boolean} nominated
 * @property {boolean} selected
 * @property {number} priority
 * @property {number} rank its place by priority, from 1
 * @property {?number} roundTrip in ms
 * @property {number} asked checks that were sent
 * @property {number} answered
 */

/**
 * What the statistics say at a moment.
 * @typedef {object} Sample
 * @property {number} t ms
 * @property {string} role "controlling", "controlled" or "" where the browser does not say
 * @property {CandidatePair[]} pairs the selected one first, then by priority
 * @property {number} more pairs that are too many to show
 * @property {{bytesSent: number, bytesReceived: number, packetsSent: number, packetsReceived: number}} total of the selected pair
 * @property {?number} roundTrip in ms
 */

/** Reads a report. @param {RTCStatsReport} report @returns {Sample} */
export function read(report) {
  const all = [...report.values()];
  const transport = all.find((s) => s.type === "transport");
  const candidate = (id) => {
    const c = report.get(id);
    if (!c) return "unknown";
    return [c.candidateType, c.relayProtocol && `over ${c.relayProtocol}`, c.protocol, `${(c.address ?? "").includes(":") ? `[${c.address}]` : c.address || "hidden"}:${c.port ?? "?"}`].filter(Boolean).join(" ");
  };
  const pairs = all.filter((s) => s.type === "candidate-pair").sort((a, b) => (b.priority ?? 0) - (a.priority ?? 0)).map((s, i) => ({
    id: s.id,
    local: candidate(s.localCandidateId),
    remote: candidate(s.remoteCandidateId),
    state: s.state ?? "",
    nominated: s.nominated === true,
    selected: transport?.selectedCandidatePairId ? s.id === transport.selectedCandidatePairId : s.selected === true,
    priority: s.priority ?? 0,
    rank: i + 1,
    roundTrip: s.currentRoundTripTime === undefined ? null : s.currentRoundTripTime * 1000,
    asked: s.requestsSent ?? 0,
    answered: s.responsesReceived ?? 0,
  }));
  const selected = pairs.find((pair) => pair.selected) ?? null;
  const flow = (selected && report.get(selected.id)) ?? {};
  const first = selected ? [selected, ...pairs.filter((pair) => pair !== selected)] : pairs;
  return {
    t: transport?.timestamp ?? all[0]?.timestamp ?? 0,
    role: transport?.iceRole === "controlling" || transport?.iceRole === "controlled" ? transport.iceRole : "",
    pairs: first.slice(0, maxPairs),
    more: Math.max(0, first.length - maxPairs),
    total: { bytesSent: flow.bytesSent ?? 0, bytesReceived: flow.bytesReceived ?? 0, packetsSent: flow.packetsSent ?? 0, packetsReceived: flow.packetsReceived ?? 0 },
    roundTrip: selected?.roundTrip ?? null,
  };
}

/** Says why a pair is the selected one, or why there is none. @param {Sample} sample */
export function why({ role, pairs }) {
  const [selected] = pairs;
  if (!pairs.length) return "No candidates yet: they come with the first exchange.";
  if (!selected.selected) return "None is selected yet: candidate pairs are checked, the one of highest priority first.";
  const by = { controlling: "This side controls ICE, and nominated it", controlled: "The other side controls ICE, and nominated it", "": "It was nominated" }[role];
  const working = pairs.filter((pair) => pair.state === "succeeded");
  const better = working.filter((pair) => pair.rank < selected.rank).length;
  if (better) return `${by}. ${better === 1 ? "One pair of higher priority works" : `${better} pairs of higher priority work`}, too: browsers also weigh the network, and which pair worked first.`;
  return `${by}: ${working.length > 1 ? `of the ${working.length} pairs that work it has the highest priority.` : "no other pair works."}`;
}

/**
 * What flowed between two samples, per second.
 * @param {Sample} a
 * @param {Sample} b
 */
export function rates(a, b) {
  const seconds = (b.t - a.t) / 1000;
  const per = (name) => (seconds > 0 ? Math.max(0, b.total[name] - a.total[name]) / seconds : 0);
  return { t: b.t, bytesSent: per("bytesSent"), bytesReceived: per("bytesReceived"), packetsSent: per("packetsSent"), packetsReceived: per("packetsReceived"), roundTrip: b.roundTrip };
}

/** Asks the connection of the pair that is shown, while somebody looks and the page is in sight. */
class Sampler {
  /** @type {?Sample} */
  last = null;
  /** @type {ReturnType<typeof rates>[]} the newest last */
  history = [];
  #watchers = new Map(); // their containers
  #connection = null;
  #timer = 0;
  #asking = false;

  constructor(store) {
    this.store = store;
    document.addEventListener("visibilitychange", () => this.#schedule());
  }

  /** Whether the pair that is shown has a connection on this page. */
  get connected() {
    return this.#current() !== null;
  }

  /**
   * Calls f after each sample, until unwatch.
   * @param {() => void} f
   * @param {HTMLElement} container in which it shows the sample: out of sight it needs none
   */
  watch(f, container) {
    this.#watchers.set(f, container);
    this.#schedule();
  }

  unwatch(f) {
    this.#watchers.delete(f);
    this.#schedule();
  }

  #current() {
    return globalThis.inspector?.connections?.get(this.store.current?.id) ?? null;
  }

  #schedule() {
    const wanted = this.#watchers.size > 0 && !document.hidden;
    if (wanted && !this.#timer) {
      this.#timer = setInterval(() => this.#ask(), every);
      this.#ask();
    } else if (!wanted && this.#timer) {
      clearInterval(this.#timer);
      this.#timer = 0;
    }
  }

  async #ask() {
    if (this.#asking || ![...this.#watchers.values()].some((container) => container.checkVisibility())) return;
    const connection = this.#current();
    if (connection !== this.#connection) {
      this.#connection = connection;
      this.last = null;
      this.history = [];
    }
    if (connection) {
      this.#asking = true;
      const report = await connection.getStats().catch(() => null); // it may have been closed
      this.#asking = false;
      if (connection !== this.#current()) return;
      if (report) this.#take(read(report));
    }
    for (const f of this.#watchers.keys()) f();
  }

  #take(sample) {
    const before = this.last;
    this.last = sample;
    if (!before || sample.t <= before.t) return;
    this.history.push(rates(before, sample));
    if (this.history.length > maxSamples) this.history.shift();
  }
}

const samplers = new WeakMap();

/** Returns the sampler of a store. @param {import("../store.js").Store} store @returns {Sampler} */
export function sampler(store) {
  if (!samplers.has(store)) samplers.set(store, new Sampler(store));
  return samplers.get(store);
}

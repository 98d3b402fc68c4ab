// What of the trace is shown: layers, off by default where they are noise, remembered.

/** @typedef {import("./event.js").TraceEvent} TraceEvent */

/** The layers in the order of the menu: their name, and whether they are on at first. */
export const layers = {
  decisions: { label: "Decisions", on: true },
  changes: { label: "Changes of the SDP", on: true },
  connection: { label: "Media and connection", on: true },
  candidates: { label: "Candidates", on: false },
  link: { label: "Link and relay messages", on: false },
  chat: { label: "Chat", on: false },
};

const ofKind = new Map(Object.entries({
  decisions: "answer-dropped description-refused change-failed",
  connection: "channel-created channel-opened channel-closed connected connection-state sending-started sending-stopped sending-failed send-failed track-received restarting restart-asked restarts-failed pair-selected",
  candidates: "candidate-ignored candidate-refused",
  link: "message-dropped message-resent message-lost message-refused peer-absent protocol-newer",
  chat: "chat-sent chat-received chat-not-sent",
}).flatMap(([layer, kinds]) => kinds.split(" ").map((kind) => [kind, layer])));

/** Kinds that only say how far another event has come. */
export const silent = new Set(["state-changed", "answer-creating"]);

const key = "layers";

export class Layers extends EventTarget {
  #on = Object.fromEntries(Object.entries(layers).map(([name, { on }]) => [name, on]));
  #find = "";

  constructor() {
    super();
    try {
      const kept = JSON.parse(localStorage.getItem(key)) ?? {};
      for (const name in layers) if (typeof kept[name] === "boolean") this.#on[name] = kept[name];
    } catch { /* storage is forbidden, or holds something else */ }
  }

  on(name) {
    return this.#on[name];
  }

  set(name, on) {
    this.#on[name] = on;
    try {
      localStorage.setItem(key, JSON.stringify(this.#on));
    } catch { /* it is not remembered */ }
    this.dispatchEvent(new Event("change"));
  }

  /** The words that items must contain. @param {string} words */
  find(words) {
    this.#find = words.trim().toLowerCase();
    this.dispatchEvent(new Event("change"));
  }

  /** @param {TraceEvent} e */
  shows(e) {
    if (e.msg?.type === "candidate") return this.#on.candidates;
    const layer = e.kind.startsWith("message-") ? "link" : ofKind.get(e.kind);
    return !layer || this.#on[layer];
  }

  /** @param {import("./exchange.js").Item} item @param {string} words that the ladder has for it */
  has(item, words) {
    return !this.#find || words.toLowerCase().includes(this.#find) || item.events.some((e) => e.kind.includes(this.#find) || e.text.toLowerCase().includes(this.#find));
  }
}

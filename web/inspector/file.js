// A trace as a file: one that is saved here is read by the page, by the program (server
// trace FILE), and by the tools of rtcstats, whose dump format 3 it extends.
//
//   RTCStatsDump
//   {"fileFormat":3,"userAgent":"…","pn":{"version":1,"self":"…","source":"…","masked":true}}
//   {"pn":"event",…}                                  an event of the trace, of either side
//   ["setRemoteDescription","wkgsyf…#1/here",{…},"o8",12]  what rtcstats knows of it
//
// Object lines are the trace. Array lines are derived from them, and are skipped here: the
// method, the connection (peer, pairing and side), its value, the message, and the time in
// ms since the array line before.

import { Mask } from "./mask.js";

const magic = "RTCStatsDump";
const fileFormat = 3;
const version = 1;

/** The most that is read, in bytes. */
export const maxSize = 64 << 20;

/**
 * Writes a file.
 * @param {string[]} lines of the trace
 * @param {{userAgent: string, room: string, self: string, source: string, dropped?: number}} about
 * @param {boolean} masked
 * @returns {string}
 */
export function write(lines, { userAgent, room, self, source, dropped = 0 }, masked) {
  const mask = masked ? new Mask() : null;
  const pn = { version, ...(masked ? {} : { room }), self, source, masked, ...(dropped ? { dropped } : {}) };
  const out = [magic, JSON.stringify({ fileFormat, userAgent, pn })];
  const derived = new Derived();
  for (const text of lines) {
    const read = object(text);
    if (!read) continue;
    const line = mask ? mask.line(read) : read;
    out.push(JSON.stringify(line));
    const array = line.pn === "event" && derived.of(line);
    if (array) out.push(JSON.stringify(array));
  }
  return `${out.join("\n")}\n`;
}

function object(text) {
  try {
    const o = JSON.parse(text);
    return typeof o === "object" && o !== null && !Array.isArray(o) ? o : null;
  } catch {
    return null;
  }
}

// Kinds that rtcstats' tools show by their names.
const asTheyAre = ["collision-rollback", "collision-ignored", "answer-dropped", "description-refused", "renegotiate", "restart", "offer-failed", "failed"];

/** Derived makes the lines for the tools of rtcstats. */
class Derived {
  #last = 0;
  /** @type {Map<string, string>} SDP by message: the other side's trace has none */
  #sdp = new Map();

  of({ kind, peer, life, side, state, t = 0, msg, sdp, why, text }) {
    if (!peer || !life) return null;
    const key = msg && `${peer} ${life} ${msg.type} ${msg.session ?? ""} ${msg.seq} ${Boolean(msg.sent) === (side === "here")}`;
    if (sdp) this.#sdp.set(key, sdp);
    const description = () => ({ type: msg?.type, sdp: this.#sdp.get(key) });
    const made = this.#methods[kind]?.({ kind, description, state, why, text });
    if (!made) return null;
    const now = side === "here" ? Math.max(this.#last, Math.floor(t)) : this.#last; // the other side has another clock
    const passed = now - this.#last;
    this.#last = now;
    return [made[0], `${peer}#${life}/${side}`, made[1] ?? null, ...(msg ? [`${msg.type[0]}${msg.seq}`] : []), passed];
  }

  #methods = Object.assign(Object.create(null), {
    paired: () => ["create"],
    unpaired: () => ["close"],
    "offer-sending": ({ description }) => ["setLocalDescription", description()],
    "answer-sending": ({ description }) => ["setLocalDescription", description()],
    "answer-creating": ({ description }) => ["setRemoteDescription", description()], // an offer that is ignored is not set
    "answer-received": ({ description }) => ["setRemoteDescription", description()],
    "state-changed": ({ state }) => ["onsignalingstatechange", state],
    connected: ({ why = "" }) => ["onconnectionstatechange", why],
    "connection-state": ({ why = "" }) => ["onconnectionstatechange", why],
  }, Object.fromEntries(asTheyAre.map((kind) => [kind, ({ text }) => [kind, text]])));
}

/** Says in plain words why a file cannot be read. */
export class FileError extends Error {}

/**
 * Reads a file.
 * @param {string} text
 * @returns {{about: Record<string, any>, lines: string, events: number, broken: number, newer: boolean}}
 * @throws {FileError}
 */
export function read(text) {
  const [first, second = "", ...rest] = text.replace(/^\ufeff/, "").split(/\r?\n/);
  if (first !== magic) {
    const what = /^\s*\{[^\n]*"PeerConnections"/.test(text.slice(0, 1 << 16)) ? "It is a dump of webrtc-internals, which has one side and no decisions." : `It does not begin with “${magic}”.`;
    throw new FileError(`This is no trace. ${what}`);
  }
  const head = object(second);
  if (!head) throw new FileError("The second line of the trace cannot be read: it should say what the file is.");
  if (head.fileFormat !== fileFormat) throw new FileError(`The file has format ${String(head.fileFormat).slice(0, 20)} of rtcstats; this page reads format ${fileFormat}.`);
  const about = typeof head.pn === "object" && head.pn !== null ? head.pn : {};
  const events = [];
  let broken = 0;
  for (const line of rest) {
    if (!line || line.startsWith("[")) continue;
    const o = object(line);
    if (o?.pn === "event") events.push(line);
    else if (!o) broken++;
  }
  if (!events.length) {
    throw new FileError(head.pn ? "The trace has no events." : "This is a dump of rtcstats without the lines that tell of decisions: it was not written by this program.");
  }
  return { about, lines: events.join("\n"), events: events.length, broken, newer: Number(about.version) > version };
}

// Where everything of an exchange stands in its drawing. Rows are by cause: what comes
// later stands lower, and how much lower says nothing.

import { connectionState } from "./event.js";
import { inferred } from "./infer.js";
import { silent } from "./layers.js";
import { ordered } from "./order.js";
import { change, cut, duration, label, message } from "./words.js";

/** @typedef {import("./event.js").TraceEvent} TraceEvent */
/** @typedef {import("./exchange.js").Item} Item */
/** @typedef {import("./pair.js").Pair} Pair */

/**
 * @typedef {object} Arrow
 * @property {number} i of the event that it selects
 * @property {number} to that of its arrival; 0: there is none
 * @property {string} key
 * @property {string} type
 * @property {"here"|"there"} from
 * @property {number} y1
 * @property {number} y2
 * @property {"arrives"|"assumed"|"under way"} end
 * @property {"arrives"|"assumed"} start
 * @property {boolean} void the offer was taken back, or ignored
 * @property {boolean} ignored the other side did not take it
 * @property {string} label
 */

/**
 * @typedef {object} Mark
 * @property {number} i
 * @property {"here"|"there"} side
 * @property {number} y
 * @property {string} text
 * @property {"decision"|"quiet"|"good"|"connection"} kind
 */

/** A part of the connection's lane: from y on it is in this state. @typedef {{y: number, state: string}} Span */

const flags = new Set(["renegotiate", "negotiation-needed", "restart", "restarting", "collide-armed"]);
const decisions = new Set(["collision-rollback", "collision-ignored", "answer-dropped", "description-refused"]);
const connection = new Set(["channel-created", "channel-opened", "channel-closed", "connected", "connection-state", "sending-started", "sending-stopped", "sending-failed", "track-received", "restart-asked", "restarts-failed", "pair-selected"]);
const away = new Set(["relay-lost", "signaling-stalled", "peer-left", "peer-absent"]);
const back = new Set(["relay-connected", "signaling-resumed", "peer-back"]);

const top = 46;

/**
 * @param {Item} item
 * @param {Pair} pair
 * @param {import("./layers.js").Layers} layers
 * @param {boolean} narrow
 */
export function plan(item, pair, layers, narrow) {
  const step = narrow ? 44 : 30;
  let events = ordered(item.events, pair.offset).filter((e) => layers.shows(e));
  const guessed = !events.some((e) => e.side === "there");
  if (guessed) events = inferred(events, item);

  /** @type {Map<string, Arrow>} */
  const arrows = new Map();
  /** @type {Mark[]} */
  const marks = [];
  const times = [];
  const bands = [];
  const states = { here: [], there: [] };
  /** @type {{here: Span[], there: Span[]}} */
  const connected = { here: [{ y: 0, state: item.connection.here }], there: [{ y: 0, state: item.connection.there }] };
  const waiting = { here: [], there: [] }; // flags, until the offer that they lead to
  const latest = { here: 0, there: 0 }; // y of the last mark of each lane
  const below = { here: 0, there: 0 }; // where there is room again under what the connection did
  let gone = item.away ? { y1: 36, y2: 0, from: item.away, text: "" } : null; // the band that is open
  let last = null;
  let zero = 0; // when the first message went or came
  let y = 0;

  const offersLater = (at, side) => events.some((e, i) => i > at && e.side === side && e.kind === "offer-sending");

  function place(e) {
    if (!last) y = gone ? top + 22 : top;
    else if (last.side === e.side && decisions.has(e.kind) && last.kind.endsWith("-received")) return; // it decides about what just came
    else if (last.side !== e.side && last.msg?.key !== e.msg?.key) y += 0.6 * step;
    else y += step;
    if (y < below[e.side]) y = below[e.side];
    const sent = e.msg && !e.msg.sent && arrows.get(keyOf(e));
    if (sent) y = Math.max(y, sent.y1 + 0.75 * step);
  }

  function mark(e, kind, text) {
    if (!text) return;
    if (latest[e.side] && y - latest[e.side] < 18) y = latest[e.side] + 18;
    latest[e.side] = y;
    marks.push({ i: e.i, side: e.side, y, text, kind });
  }

  events.forEach((e, at) => {
    if (silent.has(e.kind)) {
      const line = states[e.side];
      if (e.state && line.length) Object.assign(line.at(-1), { state: e.state, held: e.held });
      return;
    }
    if (flags.has(e.kind) && offersLater(at, e.side)) {
      waiting[e.side].push(e);
      return;
    }
    if (connection.has(e.kind)) {
      connect(e);
      return;
    }
    place(e);
    if (e.state) states[e.side].push({ y, state: e.state, held: e.held });
    if (e.side === "here" && e.msg) tick(times, y, e.t - (zero ||= e.t));
    if (e.msg && (e.kind.endsWith("-sending") || e.kind.endsWith("-received") || e.kind === "message-sent")) end(e);

    const words = label(e, pair);
    if (e.kind === "offer-sending") {
      const said = layers.on("changes") ? cut(change(e, pair).join(", ")) : "";
      const flag = waiting[e.side].splice(0).findLast((f) => f.kind !== "negotiation-needed");
      const about = words || said || (flag ? label(flag, pair) : "");
      if (narrow && about) arrows.get(keyOf(e)).label += item.offers.get(e.msg?.key)?.renews ? ": again" : `: ${about}`;
      else mark(flag && !words && !said ? flag : e, "quiet", about);
    } else if (decisions.has(e.kind)) mark(e, "decision", words);
    else if (away.has(e.kind)) gone ??= { y1: y, y2: 0, from: e.t, text: "" };
    else if (back.has(e.kind) && gone) close(e);
    else if (e.kind === "answer-sending") mark(e, "quiet", narrow ? "" : words);
    else if (!e.msg || !arrows.has(keyOf(e))) mark(e, e.level === "error" || e.level === "warn" ? "decision" : "quiet", words);
    last = e;
  });
  if (item.settled && item.offers.size) {
    y += 0.75 * step;
    for (const side of ["here", "there"]) {
      if (states[side].at(-1)?.state === "stable") marks.push({ i: 0, side, y: Math.max(y, latest[side] + 18), text: "stable", kind: "good" });
    }
  }
  const height = Math.round(Math.max(y, latest.here, latest.there) + 28);
  if (gone) close(null);
  for (const arrow of arrows.values()) if (arrow.end !== "arrives") finish(arrow);
  return { height, guessed, arrows: [...arrows.values()], marks, times, bands, states, connected, step };

  // connect notes what the connection did. It has a lane of its own at each side, and
  // moves on there for itself: no message orders it.
  function connect(e) {
    if (!last) y = gone ? top + 22 : top;
    last ??= e;
    const over = narrow ? Math.max(latest.here, latest.there) : latest[e.side]; // there words of both sides share their rows
    const at = Math.max(y + (over ? 8 : 0), over + 18);
    latest[e.side] = at;
    below[e.side] = at + (narrow ? 36 : 22);
    marks.push({ i: e.i, side: e.side, y: at, text: label(e, pair), kind: "connection" });
    const state = connectionState(e);
    if (state) connected[e.side].push({ y: at, state });
  }

  // end notes an end of an arrow.
  function end(e) {
    const key = keyOf(e);
    let arrow = arrows.get(key);
    if (!arrow) {
      const offer = item.offers.get(e.msg.key);
      const lost = offer?.fate === "taken back" || offer?.fate === "ignored";
      arrow = { i: e.i, to: 0, key, type: e.msg.type, from: e.msg.from, y1: y - 0.75 * step, y2: y, start: "assumed", end: "under way", void: lost, ignored: lost, label: name(e), count: 0 };
      arrows.set(key, arrow);
    }
    if (e.msg.sent && arrow.count++ === 0) {
      arrow.y1 = y;
      arrow.start = e.inferred ? "assumed" : "arrives";
    }
    if (!e.msg.sent) {
      arrow.y2 = y;
      arrow.to = e.i;
      arrow.end = e.inferred ? "assumed" : "arrives";
    }
    if (arrow.type === "candidate") arrow.label = `${arrow.count} candidate${arrow.count === 1 ? "" : "s"}`;
  }

  // finish ends an arrow whose arrival nobody told.
  function finish(arrow) {
    if (arrow.end === "assumed") return;
    arrow.end = item.settled ? "assumed" : "under way";
    arrow.y2 = Math.min(arrow.y1 + 0.75 * step, height - 12);
    if (arrow.end === "under way") arrow.label += arrow.from === "here" && pair.away ? ": waits for the relay" : ": on its way";
  }

  function close(e) {
    gone.y2 = e ? y : height - 8;
    const waits = [...arrows.values()].filter((a) => a.from === "here" && a.y1 >= gone.y1 && a.y1 <= gone.y2).length;
    gone.text = `relay away${e ? ` ${duration(e.t - gone.from)}` : ""}${waits ? `, ${waits} message${waits === 1 ? " waits" : "s wait"}` : ""}`;
    bands.push(gone);
    gone = null;
  }

  function name(e) {
    if (e.msg.type === "answer") {
      const to = pair.messages.get(e.msg.key)?.offer;
      return to?.seq ? `answer to ${to.seq}` : message(e.msg);
    }
    return message(e.msg);
  }
}

// Candidates of one side are one arrow.
const keyOf = (e) => (e.msg.type === "candidate" ? `${e.msg.from} candidates` : e.msg.key);

function tick(times, y, ms) {
  const before = times.at(-1);
  const text = ms <= 0 ? "0 ms" : ms < 1000 ? `+${Math.round(ms)}` : `+${(ms / 1000).toFixed(1)} s`;
  if (!before || (y - before.y >= 15 && before.text !== text)) times.push({ y, text });
}

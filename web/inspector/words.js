// What the ladder says, in plain sentences.

import { other, short, upper, who, whose } from "./names.js";
import { inWords } from "./panels/description.js";
import { collision } from "./story.js";

/** @typedef {import("./event.js").TraceEvent} TraceEvent */
/** @typedef {import("./exchange.js").Item} Item */
/** @typedef {import("./pair.js").Pair} Pair */

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3, hourCycle: "h23" });

/** The time of the day of an event. @param {number} t ms since 1970 */
export const time = (t) => (t ? clock.format(t) : "");

/** @param {number} ms */
export function duration(ms) {
  if (ms < 1) return "under 1 ms";
  if (ms < 1000) return `${Math.round(ms)} ms`;
  return ms < 60_000 ? `${(ms / 1000).toFixed(ms < 10_000 ? 1 : 0)} s` : `${Math.round(ms / 60_000)} min`;
}

/** "offer 8" or "answer 9". @param {{type: string, seq: number}} m */
export const message = (m) => (m.seq ? `${m.type} ${m.seq}` : m.type);

/** What a description of an event changes, in words; that it has more candidates changes nothing. @param {TraceEvent} e @param {Pair} pair */
export function change(e, pair) {
  return e.sdp ? inWords(previous(e, pair)?.sdp ?? "", e.sdp).filter((word) => !word.includes("candidate")) : [];
}

/** The description before, of the same sender. @param {TraceEvent} e @param {Pair} pair @returns {?TraceEvent} */
export function previous(e, pair) {
  let before = null;
  for (const d of pair.events) {
    if (d === e) break;
    if (d.sdp && d.msg?.from === e.msg?.from && d.life === e.life) before = d;
  }
  return before;
}

const reasons = {
  renegotiate: "asked for",
  restart: "ICE restart",
  restarting: "ICE restart",
  collide: "Collide",
};

/** Why an offer was made. @param {Item} item @param {Pair} pair @param {import("./exchange.js").Offer} offer */
function reason(item, pair, offer) {
  const m = pair.messages.get(offer.key);
  const sdp = m?.sent?.sdp ? m.sent : m?.received?.sdp ? m.received : null;
  const said = sdp ? change(sdp, pair) : [];
  if (said.length) return said.join(", ");
  let cause = m?.sent && pair.cause(m.sent);
  while (cause && !reasons[cause.kind] && pair.cause(cause)) cause = pair.cause(cause);
  return (cause && reasons[cause.kind]) ?? "";
}

/**
 * The line of an item: what happened, more about it, and how long it took.
 * @param {Item} item
 * @param {Pair} pair
 * @param {(e: TraceEvent) => boolean} shows
 * @returns {{what: string, more: string, took: string}}
 */
export function summary(item, pair, shows) {
  if (item.kind === "aside") return aside(item, pair, shows);
  const offers = [...item.offers.values()];
  const took = item.ended ? duration(item.took) : "";
  if (item.kind === "collision") return collision(item, pair, took);
  const offer = offers.at(-1);
  if (!offer) return { what: "A message without an offer", more: "", took: "" };
  const offerer = who(pair, offer.from);
  const answerer = who(pair, other(offer.from));
  const what = {
    answered: `${upper(offerer)} offered, ${answerer} answered`,
    pending: `${upper(offerer)} offered, ${answerer} ${answerer === "you" ? "have" : "has"} not answered yet`,
    refused: `${upper(offerer)} offered, and it was refused`,
    abandoned: `${upper(offerer)} offered, and it came to nothing`,
  }[offer.fate];
  const waits = offer.fate === "pending" && offer.from === "here" && pair.away ? "it waits for the relay" : "";
  return { what, more: [waits, reason(item, pair, offer)].filter(Boolean).join(" · "), took };
}

function aside(item, pair, shows) {
  const ours = new Set(item.events.filter((e) => e.side === "here").map((e) => e.kind));
  const seen = item.events.filter((e) => shows(e) && (e.side === "here" || !ours.has(e.kind)));
  const said = [...new Set(seen.map((e) => sentence(e, pair)))];
  const more = said.length > 3 ? ` · and ${said.length - 3} more` : "";
  return { what: said.slice(0, 3).join(" · ") + more, more: "", took: "" };
}

// What the log says, without the role, which the lane shows.
const bare = (e) => (e.text || e.kind).replace(/^\[[A-Z]+\] /, "");

/** The sentence of an event. @param {TraceEvent} e @param {Pair} pair */
export function sentence(e, pair) {
  const actor = upper(who(pair, e.side));
  const from = e.msg && whose(pair, e.msg.from);
  const m = e.msg && message(e.msg);
  switch (e.kind) {
    case "offer-sending":
    case "answer-sending":
      return `${actor} sent ${m}`;
    case "offer-received":
    case "answer-received":
      return `${actor} received ${from} ${m}`;
    case "collision-rollback":
      return `${actor} took ${m} back`;
    case "collision-ignored":
      return `${actor} ignored ${from} ${m}`;
    case "answer-dropped":
      return `${actor} dropped ${from} ${m}`;
    case "description-refused":
      return `${actor} refused ${from} ${m ?? "description"}`;
    default:
      return e.side === "there" ? `${short(pair.id)}: ${bare(e)}` : bare(e).replaceAll(pair.id, short(pair.id));
  }
}

/** The label of an event beside its lane; "" for those that need none. @param {TraceEvent} e @param {Pair} pair */
export function label(e, pair) {
  const m = e.msg && message(e.msg);
  switch (e.kind) {
    case "offer-sending": {
      const offer = e.item?.offers.get(e.msg?.key);
      return offer?.renews ? `offers ${offer.renews.seq} again` : "";
    }
    case "answer-sending": return "answers";
    case "collision-rollback": return `takes ${m} back`;
    case "collision-ignored": return `ignores ${m}`;
    case "answer-dropped": return `drops ${m}`;
    case "description-refused": return `refuses ${m ?? "it"}`;
    case "offer-failed": return cut(`↻ ${bare(e)}`);
    case "failed": return "■ cannot go on";
    case "renegotiate": return e.why === "to-collide" ? "offers, to collide" : "wants an offer";
    case "negotiation-needed": return "needs an offer";
    case "restart": case "restarting": return "restarts ICE";
    case "restart-asked": return "asks to restart ICE";
    case "channel-created": return "creates its channel";
    case "channel-opened": return "channel open";
    case "channel-closed": return "channel closed";
    case "connected": return "connected";
    case "connection-state": return `connection ${e.why || e.detail}`;
    case "sending-started": return cut(`sends ${e.detail}`);
    case "sending-stopped": return cut(`stops ${e.detail}`);
    case "track-received": return cut(`receives ${e.detail}`);
    case "collide-armed": return "waits to collide";
    case "offer-received": case "answer-received": return "";
    default: return cut(bare(e));
  }
}

/** Cuts what is too long for a label. @param {string} words */
export const cut = (words) => (words.length > 26 ? `${words.slice(0, 25)}…` : words);

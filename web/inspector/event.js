// An event of the trace, read from a line of JSON. What the other side says is checked
// here, so that whoever draws it can rely on it.

/**
 * The identity of a message between two peers, the same on both sides.
 * @typedef {object} Message
 * @property {string} type "offer", "answer", "candidate" or "request"
 * @property {string} session the sender's session; empty for a plain page
 * @property {number} seq its number there
 * @property {boolean} sent by the side whose event this is
 * @property {"here"|"there"} from the side that sent it
 * @property {string} key joins both ends
 */

/**
 * An event. Texts are "", numbers 0 and flags false where the line says nothing.
 * @typedef {object} TraceEvent
 * @property {number} i its place among all events of the store, from 1
 * @property {number} n its number on its side
 * @property {number} t ms since 1970, by the clock of its side
 * @property {"here"|"there"} side whose trace it is from
 * @property {string} peer the id of the remote peer; "" for what is about no peer
 * @property {number} life which pairing with that peer
 * @property {string} role of its side: "polite" or "impolite"
 * @property {string} kind
 * @property {string} level
 * @property {string} state the signaling state of its side after it
 * @property {boolean} held in have-local-offer: the offer is sent, and not set yet
 * @property {?Message} msg
 * @property {number} cause the number of the event that led to it
 * @property {string} why the code of the reason
 * @property {string} err
 * @property {number} next when it is tried again
 * @property {string} detail
 * @property {string} text the line of the log
 * @property {string} sdp of a description
 * @property {?import("./exchange.js").Item} item where the ladder shows it
 */

const maxText = 4000;
const maxSDP = 200_000;
const name = /^[a-z][a-z0-9-]{0,39}$/;

const text = (value, most = maxText) => (typeof value === "string" ? (value.length > most ? `${value.slice(0, most)}…` : value) : "");
const number = (value) => (typeof value === "number" && Number.isFinite(value) && value >= 0 ? value : 0);
const word = (value) => (typeof value === "string" && name.test(value) ? value : "");

/**
 * Reads a line. What is not an event gives null.
 * @param {string} line
 * @returns {?TraceEvent}
 */
export function parse(line) {
  let o;
  try {
    o = JSON.parse(line);
  } catch {
    return null;
  }
  if (o?.pn !== "event" || !word(o.kind)) return null;
  const side = o.side === "there" ? "there" : "here";
  const life = number(o.life);
  return {
    i: 0,
    n: number(o.n),
    t: number(o.t),
    side,
    peer: text(o.peer, 200),
    life,
    role: o.role === "polite" || o.role === "impolite" ? o.role : "",
    kind: o.kind,
    level: word(o.level),
    state: word(o.state),
    held: o.held === true,
    msg: message(o.msg, side, life),
    cause: number(o.cause),
    why: word(o.why),
    err: text(o.err),
    next: number(o.next),
    detail: text(o.detail),
    text: text(o.text),
    sdp: text(o.sdp, maxSDP),
    item: null,
  };
}

/** The state of the connection that an event tells; "": none. @param {TraceEvent} e */
export const connectionState = (e) => ({ connected: "connected", paired: "new", unpaired: "closed", "connection-state": e.why || e.detail })[e.kind] ?? "";

// A plain page has no session: its messages are counted anew in each life.
function message(m, side, life) {
  if (typeof m !== "object" || m === null || !word(m.type)) return null;
  const session = text(m.session, 64);
  const seq = number(m.seq);
  const sent = m.sent === true;
  const from = sent === (side === "here") ? "here" : "there";
  return { type: m.type, session, seq, sent, from, key: `${from} ${m.type} ${session || life} ${seq}` };
}

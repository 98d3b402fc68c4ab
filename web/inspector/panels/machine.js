// The panel of the signaling state machine: the states of each side, the current one lit,
// and how often each way was taken.
// https://www.w3.org/TR/webrtc/#rtcsignalingstate-enum

import { element, shape } from "./dom.js";
import { upper, who } from "../names.js";

/** @typedef {import("../event.js").TraceEvent} TraceEvent */

// Where the states stand; pranswer is never used.
const states = {
  "have-local-offer": [88, 40],
  "have-remote-offer": [432, 40],
  stable: [260, 164],
  closed: [466, 164],
};

// The ways from a state to another one: what takes it, its path, and where its label is.
const ways = [
  { from: "stable", to: "have-local-offer", words: "own offer", path: "M204 158C128 148 82 116 78 68", at: [92, 134] },
  { from: "have-local-offer", to: "stable", words: "answer to it", path: "M116 66C124 104 164 128 218 140", at: [166, 108] },
  { from: "stable", to: "have-remote-offer", words: "other’s offer", path: "M302 140C356 128 396 104 404 68", at: [354, 108] },
  { from: "have-remote-offer", to: "stable", words: "own answer", path: "M442 66C438 116 392 148 318 158", at: [428, 128] },
  { from: "have-local-offer", to: "have-remote-offer", words: "takes its offer back", path: "M168 40H350", at: [260, 30] },
];

/**
 * What the events of a side say about its states.
 * @typedef {object} Walk
 * @property {string} state
 * @property {boolean} held its offer is sent, and not set yet
 * @property {string} last the way that was taken last, "stable have-local-offer"
 * @property {Map<string, number>} taken how often each way was
 */

/**
 * Follows the states of a side. Each pairing begins in stable.
 * @param {TraceEvent[]} events of both sides
 * @param {"here"|"there"} side
 * @returns {Walk}
 */
export function walk(events, side) {
  const w = { state: "stable", held: false, last: "", taken: new Map() };
  let life = 0;
  for (const e of events) {
    if (e.side !== side || !Object.hasOwn(states, e.state)) continue;
    if (e.life > life) {
      life = e.life;
      w.state = "stable";
      w.last = "";
    }
    if (e.state !== w.state) {
      w.last = `${w.state} ${e.state}`;
      w.taken.set(w.last, (w.taken.get(w.last) ?? 0) + 1);
    }
    w.state = e.state;
    w.held = e.held;
  }
  return w;
}

/**
 * @param {HTMLElement} container
 * @param {import("../store.js").Store} store
 */
export function create(container, store) {
  const graphs = { here: graph("here"), there: graph("there") };
  const empty = element("p", { class: "empty" }, "The states appear once a peer is here.");
  container.append(element("div", { class: "machines" }, graphs.here.figure, graphs.there.figure), empty);

  function update() {
    const pair = store.current;
    empty.hidden = pair !== null;
    graphs.here.figure.hidden = !pair;
    graphs.there.figure.hidden = !pair?.traced;
    if (!pair) return;
    const past = store.past();
    const named = (side) => [upper(who(pair, side)), pair.role(side)].filter(Boolean).join(" · ");
    graphs.here.draw(named("here"), pair.role("here"), walk(past, "here"));
    if (pair.traced) graphs.there.draw(named("there"), pair.role("there"), walk(past, "there"));
  }
  return { update };
}

// graph draws the machine of a side once; what changes are classes and counts.
function graph(side) {
  const id = (name) => `machine-${side}-${name}`;
  const nodes = new Map();
  const edges = new Map();
  const svg = shape("svg", { viewBox: "0 0 520 200", "aria-hidden": "true" },
    shape("defs", {},
      shape("marker", { id: id("tip"), viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 10, markerHeight: 10, markerUnits: "userSpaceOnUse", orient: "auto" }, shape("path", { d: "M0 0 8 4 0 8z" })),
      shape("pattern", { id: id("held"), width: 6, height: 6, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" }, shape("path", { d: "M0 0V6" }))));
  for (const { from, to, words, path, at: [x, y] } of ways) {
    const count = shape("tspan", { class: "count" });
    const edge = shape("g", { class: "way" },
      shape("path", { d: path, "marker-end": `url(#${id("tip")})` }),
      shape("text", { x, y }, `${words} `, count));
    edges.set(`${from} ${to}`, { edge, count });
    svg.append(edge);
  }
  for (const [name, [x, y]] of Object.entries(states)) {
    const half = name === "closed" ? 42 : name === "stable" ? 52 : 78;
    const box = { x: x - half, y: y - 24, width: 2 * half, height: 48, rx: 10 };
    const note = shape("text", { class: "note", x, y: y + 15 });
    const node = shape("g", { class: "state" },
      shape("rect", box), shape("rect", { ...box, class: "hatch", fill: `url(#${id("held")})` }),
      shape("text", { class: "name", x, y: y + 4 }, name), note);
    nodes.set(name, { node, note });
    svg.append(node);
  }
  const caption = element("figcaption");
  const said = element("span", { class: "visually-hidden" });
  const figure = element("figure", { class: "machine" }, caption, svg, said);

  function draw(name, role, { state, held, last, taken }) {
    figure.dataset.role = role;
    figure.dataset.state = state;
    figure.dataset.held = String(held);
    caption.textContent = name;
    for (const [key, { node, note }] of nodes) {
      const now = key === state;
      node.classList.toggle("now", now);
      node.classList.toggle("held", now && held);
      note.textContent = !now ? "" : held ? "held: sent, not set" : "now";
    }
    const told = [`It is in ${state}${held ? ": its offer is held, sent and not set" : ""}.`];
    for (const [key, { edge, count }] of edges) {
      const times = taken.get(key) ?? 0;
      edge.classList.toggle("last", key === last);
      edge.classList.toggle("never", !times);
      count.textContent = times ? `×${times}` : "";
      if (times) told.push(`${key.replace(" ", " to ")}: ${times} ${times === 1 ? "time" : "times"}.`);
    }
    said.textContent = told.join(" ");
  }
  return { figure, draw };
}

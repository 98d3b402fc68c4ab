// One exchange for an issue report: as text, as Mermaid, and as a picture.

import { definitions, draw } from "./draw.js";
import { element, shape } from "./panels/dom.js";
import { inferred } from "./infer.js";
import { silent } from "./layers.js";
import { short, who } from "./names.js";
import { ordered } from "./order.js";
import { plan } from "./plan.js";
import { change, duration, label, message, sentence, summary } from "./words.js";

/** @typedef {import("./exchange.js").Item} Item */
/** @typedef {import("./pair.js").Pair} Pair */
/** @typedef {import("./layers.js").Layers} Layers */

const maxText = 40_000; // characters; GitHub draws no longer Mermaid

const sent = (e) => e.kind === "offer-sending" || e.kind === "answer-sending" || (e.kind === "message-sent" && e.msg);
const named = (pair, side) => [who(pair, side), pair.role(side)].filter(Boolean).join(" · ");

// eventsOf are those that the ladder shows, and whether the other side's are inferred.
function eventsOf(item, pair, layers) {
  const told = ordered(item.events, pair.offset).filter((e) => layers.shows(e) && !silent.has(e.kind));
  const guessed = !told.some((e) => e.side === "there");
  return { events: guessed ? inferred(told, item).filter((e) => !silent.has(e.kind)) : told, guessed };
}

/**
 * The exchange as lines of text, an arrow for each message.
 * @param {Item} item @param {Pair} pair @param {Layers} layers
 */
export function text(item, pair, layers) {
  const { events, guessed } = eventsOf(item, pair, layers);
  const { what, more, took } = summary(item, pair, () => true);
  const other = short(pair.id);
  const lines = [
    [what, more, took].filter(Boolean).join(" · "),
    `${named(pair, "here")} ⇄ ${named(pair, "there")}${guessed ? ", inferred: it sends no trace" : ""}`,
    item.begin ? new Date(item.begin).toISOString() : "",
    "",
  ];
  for (const e of events) {
    const ms = Math.round(e.t - item.begin);
    const at = e.side === "here" && e.t ? `${ms < 0 ? "−" : "+"}${Math.abs(ms)} ms` : "";
    lines.push(`${at.padStart(9)}  ${sent(e) ? arrow(e, pair) : sentence(e, pair)}`);
  }
  return `${lines.join("\n").slice(0, maxText)}\n`;
}

function arrow(e, pair) {
  const name = ` ${message(e.msg)} `;
  const us = who(pair, "here");
  const drawn = e.side === "here" ? `${us} ──${name}──▶ ${short(pair.id)}` : `${us} ◀──${name}── ${short(pair.id)}`;
  return [drawn, change(e, pair).join(", ")].filter(Boolean).join("  ");
}

// What has a meaning in Mermaid: none of it is left.
const harmless = (words) => words.replace(/[;#%"<>{}\n\r]/g, " ").replace(/\s+/g, " ").trim().slice(0, 200) || " ";

/** The exchange as a sequence diagram of Mermaid. @param {Item} item @param {Pair} pair @param {Layers} layers */
export function mermaid(item, pair, layers) {
  const { events } = eventsOf(item, pair, layers);
  const lines = ["sequenceDiagram", `  participant here as ${harmless(named(pair, "here"))}`, `  participant there as ${harmless(named(pair, "there"))}`];
  const drawn = new Set();
  for (const e of events) {
    const message = e.msg && (sent(e) || e.kind.endsWith("-received")) ? e.msg : null;
    if (message && !drawn.has(message.key)) {
      drawn.add(message.key);
      const lost = ["ignored", "taken back"].includes(item.offers.get(message.key)?.fate);
      const to = message.from === "here" ? "there" : "here";
      const said = sent(e) ? change(e, pair).join(", ") : "";
      lines.push(`  ${message.from}${lost ? "-x" : "->>"}${to}: ${harmless([`${message.type} ${message.seq}`, said].filter(Boolean).join(", "))}`);
    }
    const words = label(e, pair);
    if (!message && words) lines.push(`  Note over ${e.side}: ${harmless(words)}`);
  }
  return `${lines.join("\n").slice(0, maxText)}\n`;
}

// What the styles of the ladder set, and what it is without them.
const styled = {
  fill: "rgb(0, 0, 0)", "fill-opacity": "1", stroke: "none", "stroke-width": "1px", "stroke-dasharray": "none", "stroke-opacity": "1",
  "paint-order": "normal", opacity: "1", "font-size": "16px", "font-weight": "400", "font-style": "normal", transform: "none",
};
const width = 800;

/**
 * The exchange as an SVG that needs no style sheet: it looks as it does on the page.
 * @param {Item} item @param {Pair} pair @param {Layers} layers
 * @param {HTMLElement} where a hidden drawing has the styles of the ladder
 */
export function picture(item, pair, layers, where) {
  const drawing = draw(plan(item, pair, layers, false), pair, false);
  const height = drawing.getAttribute("height");
  const shared = definitions();
  const box = element("div", { class: "picture body" }, shared, drawing);
  where.append(box);
  const all = [...box.querySelectorAll("svg *")].map((e) => ({ e, style: getComputedStyle(e) }));
  const looks = all.map(({ style }) => Object.entries(styled).map(([name, initial]) => [name, style.getPropertyValue(name), initial]).filter(([, value, initial]) => value && value !== initial));
  const { fontFamily } = getComputedStyle(drawing);
  const ground = getComputedStyle(drawing).getPropertyValue("--inset");
  all.forEach(({ e }, i) => {
    for (const [name, value] of looks[i]) e.setAttribute(name, value);
    e.removeAttribute("class");
    e.removeAttribute("data-i");
  });
  box.remove();
  for (const e of drawing.querySelectorAll('line[stroke="rgba(0, 0, 0, 0)"]')) e.remove(); // they are for fingers
  drawing.prepend(...shared.childNodes, shape("rect", { width: "100%", height: "100%", fill: ground }));
  drawing.setAttribute("font-family", fontFamily);
  for (const [name, value] of Object.entries({ xmlns: "http://www.w3.org/2000/svg", width, height, viewBox: `0 0 ${width} ${height}`, role: "img" })) drawing.setAttribute(name, value);
  drawing.removeAttribute("aria-hidden");
  drawing.removeAttribute("class");
  drawing.prepend(shape("title", {}, summary(item, pair, () => true).what));
  return new XMLSerializer().serializeToString(drawing);
}

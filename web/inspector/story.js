// What became of a collision, in plain sentences: for a reader who has never seen one.

import { other, upper, who } from "./names.js";

/** @typedef {import("./exchange.js").Item} Item */
/** @typedef {import("./exchange.js").Offer} Offer */
/** @typedef {import("./pair.js").Pair} Pair */

// read finds out what became of it. Where roles are right, only one side's offers are lost.
function read(item) {
  const offers = [...item.offers.values()];
  const lost = offers.filter((o) => o.fate === "ignored" || o.fate === "taken back");
  const both = (fate) => new Set(lost.filter((o) => o.fate === fate).map((o) => o.from)).size === 2;
  const won = lost.length ? offers.find((o) => o.from !== lost[0].from) : undefined;
  const renewal = offers.findLast((o) => o.renews);
  let end = "resolved";
  if (both("ignored")) end = "deadlock";
  else if (both("taken back")) end = "loop";
  else if (!item.settled) end = "open";
  else if (!won || offers.some((o) => o.fate === "refused" || o.fate === "abandoned")) end = "unresolved";
  return { end, lost, won, renewal };
}

/** The line of a collision. @param {Item} item @param {Pair} pair @param {string} took how long @returns {{what: string, more: string, took: string}} */
export function collision(item, pair, took) {
  const { end, lost } = read(item);
  const times = lost.length > 1 && end !== "deadlock" && end !== "loop" ? `, ${lost.length} times` : "";
  const loser = lost.length ? `${who(pair, lost[0].from)} took offer ${lost.map((o) => o.seq).join(" and ")} back` : "two offers crossed";
  switch (end) {
    case "deadlock": return { what: "Collision: each ignored the other’s offer", more: "both wait", took: "" };
    case "loop": return { what: "Collision: both took their offers back", more: "nothing is agreed", took: "" };
    case "open": return { what: `Collision${times}: ${loser}`, more: "not resolved yet", took };
    case "unresolved": return { what: `Collision${times}: ${loser}`, more: "not resolved", took };
    default: return { what: `Collision${times}: ${loser}`, more: "nothing lost", took };
  }
}

/** The story of a collision, for those who read it the first time. @param {Item} item @param {Pair} pair */
export function story(item, pair) {
  const { end, lost, won, renewal } = read(item);
  const begin = "Both offered at the same moment.";
  switch (end) {
    case "deadlock": return `${begin} Both are impolite, which is wrong: each ignored the other’s offer, and waits for an answer that nobody will send.`;
    case "loop": return `${begin} Both are polite, which is wrong: each took its own offer back and answered the other’s. Each answer came for an offer that was no more, so nothing is agreed.`;
    case "open": return `${begin} The offers cross.`;
    case "unresolved": return `${begin} It was not resolved before the end.`;
  }
  const insists = side(pair, won.from);
  const yields = side(pair, lost[0].from);
  const seqs = lost.map((o) => o.seq).join(" and ");
  return `${begin} ${insists.is("impolite")} and ignored offer ${seqs}. ${yields.is("polite")}: ${yields.it} took offer ${seqs} back, answered offer ${won.seq}, ${
    renewal ? `and offered again what ${yields.it} still wanted (offer ${renewal.seq})` : `and the answer has what ${yields.it} wanted`}. Nothing is lost.`;
}

const side = (pair, at) => {
  const name = who(pair, at);
  return { it: name === "you" ? "you" : "it", is: (role) => `${upper(name)} ${name === "you" ? "are" : "is"} ${pair.role(at) || role}` };
};

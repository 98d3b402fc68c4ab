// How the page calls peers.

/** @typedef {import("./pair.js").Pair} Pair */

/** The beginning of an id, for people: ShortID of package peer. @param {string} id */
export const short = (id) => id.slice(0, 10).replace(/^(.{5})(.{5})$/, "$1-$2");

/** The name of a side. In the demo, whose other side is called right, nobody is you. @param {Pair} pair @param {"here"|"there"} side */
export const who = (pair, side) => (side === "there" ? short(pair.id) : pair.id === "right" ? "left" : "you");

/** Whose: "your", "wkgsyf’s". */
export const whose = (pair, side) => (who(pair, side) === "you" ? "your" : `${who(pair, side)}’s`);

/** A name at the beginning of a sentence: an id stays as it is. */
export const upper = (name) => (/^(you|left|right)$/.test(name) ? name[0].toUpperCase() + name.slice(1) : name);

/** The other side. */
export const other = (side) => (side === "here" ? "there" : "here");

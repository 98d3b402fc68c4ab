// What the log shows of a step: its line is marked. The events of a file are not in the
// page's own log, so they get one of their own.

import { element } from "./dom.js";
import { short } from "../names.js";
import { time } from "../words.js";

/** @typedef {import("../event.js").TraceEvent} TraceEvent */

/**
 * @param {HTMLElement} container of #log, which the program writes
 * @param {import("../store.js").Store} store
 */
export function create(container, store) {
  const own = container.querySelector("#log");
  const list = element("div", { id: "log-file", class: "lines", role: "group", tabindex: "0", "aria-label": "Log of the file", hidden: true });
  own.before(list);
  /** @type {Map<TraceEvent, HTMLElement>} */
  const lines = new Map();
  let filled = null; // the pair whose lines they are
  let marked = null;

  function update() {
    const { file, current, selected } = store;
    own.hidden = Boolean(file);
    list.hidden = !file;
    if (file && current !== filled) fill(current);
    mark(file ? lines.get(selected) : selected && live(selected));
  }

  function fill(pair) {
    filled = pair;
    lines.clear();
    for (const e of pair?.ordered() ?? []) if (e.level !== "debug") lines.set(e, line(e));
    list.replaceChildren(...lines.values());
  }

  const line = (e) => element("div", { class: "line", "data-level": e.level, "data-kind": e.kind },
    element("time", {}, time(e.t)), " ", element("span", { class: "level" }, e.level.toUpperCase()), " ",
    ...(e.side === "there" ? [element("span", { class: "other" }, short(e.peer)), " "] : []),
    element("span", { class: "text", dir: "auto" }, e.text || e.kind));

  // live finds the line of an event in the page's own log: of the other side, only a demo has them.
  function live(e) {
    const demo = e.peer === "right";
    if (e.side === "there" && !demo) return null;
    const side = demo ? `[data-side="${e.side === "here" ? "left" : "right"}"]` : "";
    return own.querySelector(`[data-n="${e.life}.${e.n}"]${side}`);
  }

  function mark(line) {
    if (line === marked) return;
    marked?.removeAttribute("aria-current");
    marked = line ?? null;
    if (!marked) return;
    marked.setAttribute("aria-current", "step");
    const { parentElement: log } = marked;
    if (log.checkVisibility()) log.scrollTop = marked.offsetTop - log.offsetTop - log.clientHeight / 3;
  }
  return { update };
}

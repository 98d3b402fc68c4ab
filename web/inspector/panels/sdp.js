// The panel of descriptions: the one at the position, section by section, and what has
// changed since the previous one of the same side.

import { diff, inWords, sections } from "./description.js";
import { copyButton, element } from "./dom.js";
import { short, who } from "../names.js";

/** @typedef {import("../event.js").TraceEvent} TraceEvent */

const kept = 3; // unchanged lines that are shown beside a change

/**
 * Returns the events that tell descriptions, each description once.
 * @param {TraceEvent[]} events
 * @returns {TraceEvent[]}
 */
export function descriptions(events) {
  const seen = new Set();
  return events.filter((e) => {
    const key = e.sdp && e.msg && `${e.life} ${e.msg.key}`;
    return key && !seen.has(key) && seen.add(key);
  });
}

/** Returns the one before of the same side and pairing, or null. @param {TraceEvent} e @param {TraceEvent[]} all of descriptions */
export function previous(e, all) {
  const before = all.slice(0, all.indexOf(e)).filter((d) => d.life === e.life && d.msg.from === e.msg.from);
  return before.at(-1) ?? null;
}

/** "offer 8" @param {TraceEvent} e */
const nameOf = (e) => `${e.msg.type} ${e.msg.seq}`;

/**
 * @param {HTMLElement} container
 * @param {import("../store.js").Store} store
 */
export function create(container, store) {
  const open = new Set(); // names of sections that the reader has opened
  let comparing = false;
  let shown = "";

  const title = element("h3");
  const back = element("button", { type: "button", "aria-label": "Previous description", onclick: () => step(-1) }, "◀");
  const on = element("button", { type: "button", "aria-label": "Next description", onclick: () => step(1) }, "▶");
  const compare = element("button", { type: "button", "aria-pressed": "false", onclick: () => { comparing = !comparing; update(); } }, "Compare");
  const copied = copyButton("Copy", () => current()?.sdp ?? "");
  const words = element("p", { class: "words" });
  const list = element("div", { class: "sections" });
  const bar = element("div", { class: "panel-tools" }, back, title, on, compare, copied);
  container.append(bar, words, list);

  const all = () => descriptions(store.current?.ordered() ?? []);

  // The description that the selected event is about, else the last one so far.
  function current() {
    const { selected } = store;
    const about = selected?.msg && all().find((d) => d.life === selected.life && d.msg.key === selected.msg.key);
    return about || descriptions(store.past()).at(-1) || null;
  }

  function step(by) {
    const list = all();
    const next = list[list.indexOf(current()) + by];
    if (next) store.select(next);
  }

  function update() {
    const e = current();
    const list = all();
    const at = list.indexOf(e);
    back.disabled = at <= 0;
    on.disabled = at < 0 || at === list.length - 1;
    const state = `${e?.i} ${comparing}`;
    if (state !== shown) draw(e, e && previous(e, list));
    shown = state;
  }

  function draw(e, before) {
    compare.hidden = copied.hidden = !e;
    compare.disabled = !before;
    compare.textContent = before ? `Compare with ${nameOf(before)}` : "Compare";
    compare.setAttribute("aria-pressed", String(comparing && before !== null));
    if (!e) {
      title.textContent = "No description yet";
      words.textContent = "Offers and answers appear here with their SDP.";
      list.replaceChildren();
      return;
    }
    const sender = store.current ? who(store.current, e.msg.from) : short(e.peer);
    const whose = sender === "you" ? "yours" : sender;
    title.textContent = `${e.msg.type === "offer" ? "Offer" : "Answer"} ${e.msg.seq} · ${whose}`;
    const change = inWords(before?.sdp ?? "", e.sdp).join(", ");
    words.textContent = before ? `Since ${nameOf(before)}: ${change || "nothing that matters"}` : change || "It has no media and no data";
    list.replaceChildren(...(comparing && before ? diff(before.sdp, e.sdp).map(changed) : sections(e.sdp).map(plain)));
  }

  const plain = (section) => details(section.name, about(section), section.lines.length, open.has(section.name), [section.lines.join("\n")]);

  function changed({ name, section, change, lines }) {
    const signs = { added: "+", removed: "−", changed: "±", same: "" };
    const label = `${signs[change]} ${name}`.trim();
    const said = change === "same" ? "unchanged" : change === "changed" ? "" : change;
    return details(label, [said, section && change === "added" ? about(section) : ""].filter(Boolean).join(" · "), lines.length, change !== "same", marked(lines));
  }

  function details(name, said, count, isOpen, content) {
    const d = element("details", { open: isOpen },
      element("summary", {}, element("b", {}, name), ` ${said}`, element("span", { class: "count" }, `${count} ${count === 1 ? "line" : "lines"}`)),
      element("pre", { tabindex: "0", "aria-label": name }, element("code", {}, ...content)));
    d.addEventListener("toggle", () => (d.open ? open.add(name) : open.delete(name)));
    return d;
  }

  // show selects the description that is asked for.
  function show(event, view) {
    if (!event) return;
    comparing = view === "compare";
    const about = all().find((d) => d.life === event.life && d.msg.key === event.msg?.key);
    if (about && about !== current()) store.select(about);
  }

  return { update, show };
}

// about says what a section is in a few words.
function about({ kind, rejected, direction, codecs, candidates }) {
  if (kind === "session") return "";
  if (rejected) return "rejected";
  return [direction, codecs.slice(0, 5).join(", "), candidates ? `${candidates} candidates` : ""].filter(Boolean).join(" · ");
}

// marked returns lines with what has changed, and a few that have not around it.
function marked(lines) {
  const near = new Uint8Array(lines.length);
  lines.forEach(({ op }, i) => op !== "=" && near.fill(1, Math.max(0, i - kept), i + kept + 1));
  const nodes = [];
  for (let i = 0; i < lines.length; i++) {
    const { op, text } = lines[i];
    if (op === "+") nodes.push(element("ins", {}, `+ ${text}\n`));
    else if (op === "-") nodes.push(element("del", {}, `− ${text}\n`));
    else if (near[i]) nodes.push(`  ${text}\n`);
    else {
      let end = i;
      while (end < lines.length && !near[end]) end++;
      nodes.push(element("i", {}, `  … ${end - i} unchanged\n`));
      i = end - 1;
    }
  }
  return nodes;
}

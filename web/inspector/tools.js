// The buttons of the ladder, and the keys that do the same.

import { element } from "./panels/dom.js";
import { layers as names } from "./layers.js";
import { comparable } from "./why.js";
import { message } from "./words.js";

/** @typedef {import("./event.js").TraceEvent} TraceEvent */

/**
 * @param {import("./store.js").Store} store
 * @param {import("./layers.js").Layers} layers
 * @param {HTMLElement} bar
 */
export function tools(store, layers, bar) {
  const button = (label, title, key, action) => {
    const attributes = { type: "button", title: `${title} (${key})`, "aria-label": title, "aria-keyshortcuts": key, onclick: action };
    return element("button", attributes, label);
  };
  const seen = (e) => layers.shows(e) && e.kind !== "state-changed" && e.kind !== "answer-creating";
  const actions = {
    previous: () => store.step(-1, seen),
    next: () => store.step(1, seen),
    collisionBefore: () => toCollision(store, -1),
    collisionAfter: () => toCollision(store, 1),
    toggle: () => (store.live ? store.pause() : store.follow()),
    live: () => store.follow(),
    find() {
      menu.open = true;
      find.focus();
    },
  };
  const find = element("input", {
    type: "search", id: "ladder-find", placeholder: "Find", "aria-label": "Find in the ladder", "aria-keyshortcuts": "/",
    oninput: () => layers.find(find.value),
  });

  const live = button("", "Pause", "Space", actions.toggle);
  live.id = "ladder-live";
  const showMode = () => {
    live.replaceChildren(...(store.live ? ["●", element("span", {}, "live")] : ["❚❚", element("span", {}, "paused")]));
    live.setAttribute("aria-label", store.live ? "Live: pause" : "Paused: follow again");
    live.setAttribute("aria-pressed", String(!store.live));
  };
  store.addEventListener("mode", showMode);
  showMode();

  const menu = element("details", { class: "menu", id: "ladder-layers" }, element("summary", {}, "Filter"));
  const list = element("div", { class: "layers" }, find);
  for (const [name, { label }] of Object.entries(names)) {
    const box = element("input", { type: "checkbox", checked: layers.on(name), onchange: () => layers.set(name, box.checked) });
    list.append(element("label", {}, box, label));
  }
  menu.append(list);

  bar.append(
    button("‹ ✕", "Collision before", "[", actions.collisionBefore),
    button("✕ ›", "Next collision", "]", actions.collisionAfter),
    button("↑", "Step back", "ArrowUp", actions.previous),
    button("↓", "Step forward", "ArrowDown", actions.next),
    live, menu,
  );
  bar.hidden = false;
  return actions;
}

function toCollision(store, by) {
  const all = store.current?.ordered() ?? [];
  const selected = all.indexOf(store.selected);
  const at = selected < 0 && by < 0 ? all.length : selected;
  let item = null; // of each collision the first decision counts
  const decisions = all.filter((e) => e.kind.startsWith("collision-") && e.item !== item && (item = e.item));
  const next = by < 0 ? decisions.findLast((e) => all.indexOf(e) < at) : decisions.find((e) => all.indexOf(e) > at);
  if (next) store.select(next);
}

/** The buttons under the why, of a message. */
export function messageButtons(store, why) {
  const ask = (view) => () => store.dispatchEvent(new CustomEvent("show", { detail: { view, event: why().event } }));
  const sdp = element("button", { type: "button", title: "Show the description (Enter)", onclick: ask("sdp") }, "SDP");
  const compare = element("button", { type: "button", title: "Compare with the one before of the same side (c)", onclick: ask("compare") });
  const row = element("p", { class: "controls" }, sdp, compare);
  const update = () => {
    const event = why()?.event ?? null;
    const old = store.current ? comparable(event, store.current) : null;
    sdp.hidden = !event?.sdp;
    compare.hidden = !old;
    if (old) compare.textContent = `Compare with ${message(old.msg)}`;
  };
  store.addEventListener("select", update);
  store.addEventListener("change", update);
  return { row, sdp, compare };
}

/**
 * Keys act while the focus is in the ladder or the why, or nowhere: a letter that is
 * typed elsewhere is a letter.
 */
export function keys(actions, buttons) {
  const byKey = {
    ArrowUp: actions.previous, ArrowDown: actions.next,
    "[": actions.collisionBefore, "]": actions.collisionAfter,
    "/": actions.find, " ": actions.toggle, Escape: actions.live,
    Enter: () => buttons.sdp.click(), c: () => buttons.compare.click(),
  };
  document.addEventListener("keydown", (event) => {
    const action = byKey[event.key];
    if (!action || event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented) return;
    const { target } = event;
    const menu = target.closest?.("details.menu[open]");
    if (event.key === "Escape" && menu) {
      menu.open = false;
      menu.querySelector("summary").focus();
      return;
    }
    if (target !== document.body && !target.closest(".inspector, #why")) return;
    if (target.matches("input") && event.key !== "Escape") return;
    if (target.matches("button, summary, a") && (event.key === " " || event.key === "Enter")) return;
    event.preventDefault();
    action();
  });
}

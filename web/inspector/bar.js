// What stands around the ladder: who the other side is, how much happened, and the tabs of
// the pairs in a room.

import { element } from "./panels/dom.js";
import { short } from "./names.js";

const byId = (id) => document.getElementById(id);
const many = (n, word) => `${n.toLocaleString()} ${word}${n === 1 ? "" : "s"}`;

/** @param {import("./store.js").Store} store */
export function bar(store) {
  const other = byId("other");
  const collide = byId("collide");
  const count = byId("ladder-count");
  const tabs = byId("pairs");
  /** @type {Map<string, HTMLButtonElement>} */
  const buttons = new Map();

  function update() {
    const pair = store.current;
    if (!pair) return;
    collide.dataset.peer = pair.gone ? "" : pair.id; // it is with the pair that is shown
    const role = pair.role("there");
    other.dataset.role = role;
    other.textContent = role ? `${short(pair.id)} · ${role}` : short(pair.id);
    const { dropped } = pair;
    const gone = dropped.items ? ` · ${many(dropped.events, "older event")} dropped` : "";
    count.textContent = `${many(pair.exchanges.length, "exchange")} · ${many(pair.collisions.length, "collision")}${gone}`;
    showTabs();
  }

  function showTabs() {
    tabs.hidden = store.pairs.size < 2;
    for (const [id, button] of buttons) {
      if (store.pairs.has(id)) continue;
      button.remove();
      buttons.delete(id);
    }
    if (tabs.hidden) return;
    for (const pair of store.pairs.values()) {
      let button = buttons.get(pair.id);
      if (!button) {
        button = element("button", { type: "button", role: "tab", "aria-controls": "ladder", onclick: () => store.show(pair.id) });
        buttons.set(pair.id, button);
        tabs.append(button);
      }
      const n = pair.collisions.length;
      const words = n ? `${short(pair.id)} · ${many(n, "collision")}` : short(pair.id);
      if (button.textContent !== words) button.textContent = words;
      const shown = pair === store.current;
      button.setAttribute("aria-selected", String(shown));
      button.tabIndex = shown ? 0 : -1;
    }
  }

  tabs.addEventListener("keydown", (event) => {
    const all = [...buttons.values()];
    const at = all.indexOf(event.target);
    const next = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: all.length - 1 }[event.key];
    if (at < 0 || next === undefined) return;
    event.preventDefault();
    const button = all[(next + all.length) % all.length];
    button.focus();
    button.click();
  });

  store.addEventListener("change", update);
  connectFirst();
}

// connectFirst keeps Connect among the buttons until there is a connection; then Collide
// is what one presses, and Connect is under More.
function connectFirst() {
  const status = byId("status");
  const connect = byId("connect");
  const menu = byId("more").querySelector(".controls");
  const place = connect.parentElement;
  const move = () => {
    const connected = status.dataset.state === "connected";
    connect.classList.toggle("primary", !connected);
    if (connected === (connect.parentElement === menu)) return;
    const focused = document.activeElement === connect;
    if (connected) menu.prepend(connect);
    else place.prepend(connect);
    if (focused) (connected ? byId("collide") ?? byId("renegotiate") : connect).focus();
  };
  new MutationObserver(move).observe(status, { attributeFilter: ["data-state"] });
  move();
}

// The panels of the inspector behind tabs. Only the one that is shown is up to date.
// https://www.w3.org/WAI/ARIA/apg/patterns/tabs/

import { element } from "./dom.js";
import * as machine from "./machine.js";
import * as network from "./network.js";
import * as rates from "./rates.js";
import * as sdp from "./sdp.js";

/**
 * What a panel does.
 * @typedef {object} Panel
 * @property {() => void} update shows the position of the store
 * @property {(event: ?import("../event.js").TraceEvent, view: string) => void} [show] is called when it comes into sight, and with an event that it is asked to show
 * @property {() => void} [hide] is called when it goes out of sight
 */

/** @type {{id: string, label: string, create(container: HTMLElement, store: import("../store.js").Store): Panel}[]} */
const panels = [
  { id: "log", label: "Log", create: () => ({ update() {} }) },
  { id: "machine", label: "State machine", create: machine.create },
  { id: "sdp", label: "SDP", create: sdp.create },
  { id: "network", label: "Network", create: network.create },
  { id: "rates", label: "Rates", create: rates.create },
];

const remembered = "panel";

/**
 * Adds tabs to a container. A panel that it has already, #panel-log, stays as it is.
 * @param {HTMLElement} container
 * @param {import("../store.js").Store} store its event "show" asks for a panel, with detail { view, event }
 */
export function create(container, store) {
  const list = element("div", { role: "tablist", "aria-label": "Panels" });
  const tabs = panels.map(({ id, label, create }) => {
    const tab = element("button", { type: "button", role: "tab", id: `tab-${id}`, "aria-controls": `panel-${id}`, onclick: () => show(id) }, label);
    const there = container.querySelector(`#panel-${id}`);
    const body = there ?? element("div", { id: `panel-${id}`, tabindex: "0" });
    body.setAttribute("role", "tabpanel");
    body.setAttribute("aria-labelledby", tab.id);
    if (!there) container.append(body);
    list.append(tab);
    return { id, tab, body, create, panel: null };
  });
  tabs[0].body.before(list);
  container.classList.add("panels");
  let shown = null;

  function show(id, event = null, view = id) {
    if (id !== shown?.id) {
      shown?.panel.hide?.();
      shown = tabs.find((t) => t.id === id) ?? tabs[0];
      for (const t of tabs) {
        t.body.hidden = t !== shown;
        t.tab.setAttribute("aria-selected", String(t === shown));
        t.tab.tabIndex = t === shown ? 0 : -1;
      }
      shown.panel ??= shown.create(shown.body, store);
      try {
        sessionStorage.setItem(remembered, shown.id);
      } catch {
        // It is not remembered.
      }
    }
    shown.panel.show?.(event, view);
    shown.panel.update();
  }

  list.addEventListener("keydown", (event) => {
    const at = tabs.indexOf(shown);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1 + tabs.length, Home: 0, End: tabs.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    show(tabs[to % tabs.length].id);
    shown.tab.focus();
  });

  for (const kind of ["change", "select", "mode"]) store.addEventListener(kind, () => shown.panel.update());
  store.addEventListener("show", ({ detail: { view, event } }) => {
    if (container.matches("details")) container.open = true;
    show(view === "compare" ? "sdp" : view, event, view);
  });
  let first = "";
  try {
    first = sessionStorage.getItem(remembered) ?? "";
  } catch {
    // Then it is the first one.
  }
  show(first);
}

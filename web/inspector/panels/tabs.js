// The panels of the inspector behind tabs. One is loaded when it is shown first, and only
// the one that is shown is up to date.
// https://www.w3.org/WAI/ARIA/apg/patterns/tabs/

import { element, styles } from "./dom.js";

/**
 * What a panel does.
 * @typedef {object} Panel
 * @property {() => void} update shows the position of the store
 * @property {(event: ?import("../event.js").TraceEvent, view: string) => void} [show] is called when it comes into sight, and with an event that it is asked to show
 * @property {() => void} [hide] is called when it goes out of sight
 */

/** Modules with a create(container, store) that returns a Panel. */
const panels = [
  { id: "log", label: "Log", load: async () => ({ create: log }) },
  { id: "machine", label: "States", load: styled(() => import("./machine.js")) },
  { id: "sdp", label: "SDP", load: styled(() => import("./sdp.js")) },
  { id: "network", label: "Network", load: styled(() => import("./network.js")) },
  { id: "rates", label: "Rates", load: styled(() => import("./rates.js")) },
];

// The log is there already. Only a step, or a file, needs more.
function log(container, store) {
  let panel = null;
  return {
    update() {
      if (!panel && !store.selected && !store.file) return;
      panel ??= import("./log.js").then(({ create }) => create(container, store));
      panel.then((loaded) => loaded.update());
    },
  };
}

// styled loads the style sheet of all panels with the first one.
let sheet = null;
function styled(load) {
  return async () => (await Promise.all([load(), sheet ??= styles("inspector/panels.css")]))[0];
}

const remembered = "panel";

/**
 * Adds tabs to a container. A panel that it has already, #panel-log, stays as it is.
 * @param {HTMLElement} container
 * @param {import("../store.js").Store} store its event "show" asks for a panel, with detail { view, event }
 */
export function create(container, store) {
  const list = element("div", { role: "tablist", "aria-label": "Panels" });
  const tabs = panels.map(({ id, label, load }) => {
    const tab = element("button", { type: "button", role: "tab", id: `tab-${id}`, "aria-controls": `panel-${id}`, onclick: () => show(id) }, label);
    const there = container.querySelector(`#panel-${id}`);
    const body = there ?? element("div", { id: `panel-${id}`, tabindex: "0" });
    body.setAttribute("role", "tabpanel");
    body.setAttribute("aria-labelledby", tab.id);
    if (!there) container.append(body);
    list.append(tab);
    return { id, tab, body, load, loading: null, panel: null };
  });
  tabs[0].body.before(list);
  container.classList.add("panels");
  let shown = null;

  async function show(id, event = null, view = id) {
    const next = tabs.find((t) => t.id === id) ?? tabs[0];
    if (next !== shown) {
      shown?.panel?.hide?.();
      shown = next;
      for (const t of tabs) {
        t.body.hidden = t !== shown;
        t.tab.setAttribute("aria-selected", String(t === shown));
        t.tab.tabIndex = t === shown ? 0 : -1;
      }
      try {
        sessionStorage.setItem(remembered, shown.id);
      } catch {
        // It is not remembered.
      }
    }
    next.loading ??= next.load().then(({ create }) => { next.panel = create(next.body, store); });
    await next.loading;
    if (next !== shown) return;
    next.panel.show?.(event, view);
    next.panel.update();
  }

  list.addEventListener("keydown", (event) => {
    const at = tabs.indexOf(shown);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1 + tabs.length, Home: 0, End: tabs.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    show(tabs[to % tabs.length].id);
    shown.tab.focus();
  });

  for (const kind of ["change", "select", "mode"]) store.addEventListener(kind, () => shown.panel?.update());
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

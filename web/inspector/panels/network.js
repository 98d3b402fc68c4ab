// The panel of the network: candidate pairs, the one that is selected, and why.

import { element } from "./dom.js";
import { sampler, why } from "./stats.js";

const states = { frozen: "not checked yet", waiting: "waits for its check", "in-progress": "is being checked", failed: "failed", succeeded: "works" };

/** Says a time in ms. @param {?number} ms */
export function milliseconds(ms) {
  if (ms === null) return "unknown";
  return ms < 1 ? "under 1 ms" : `${Math.round(ms)} ms`;
}

/**
 * @param {HTMLElement} container
 * @param {import("../store.js").Store} store
 */
export function create(container, store) {
  const stats = sampler(store);
  const title = element("h3");
  const reason = element("p", { class: "words" });
  const list = element("ol", { class: "candidate-pairs", "aria-label": "Candidate pairs" });
  container.append(title, reason, list);

  function update() {
    const { last } = stats;
    if (!last || !stats.connected) {
      title.textContent = stats.connected ? "Asking the connection…" : "No connection";
      reason.textContent = stats.connected ? "" : "Statistics are of a connection that this page has now.";
      list.replaceChildren();
      return;
    }
    const selected = last.pairs[0]?.selected ? last.pairs[0] : null;
    title.textContent = selected ? `Selected: round trip ${milliseconds(selected.roundTrip)}` : "No pair is selected";
    reason.textContent = why(last);
    list.replaceChildren(...last.pairs.map((pair) => row(pair, last)), ...(last.more ? [element("li", {}, `and ${last.more} more`)] : []));
  }

  const row = ({ local, remote, state, nominated, selected, priority, rank, roundTrip, asked, answered }, { pairs, more }) =>
    element("li", { "data-state": state, "data-selected": selected ? "true" : false },
      element("b", {}, selected ? "selected" : states[state] ?? state),
      element("span", {}, `${local} ⇄ ${remote}`),
      element("small", { title: `Priority ${priority.toLocaleString()}` }, [
        `priority ${rank} of ${pairs.length + more}`, nominated ? "nominated" : "", roundTrip === null ? "" : `round trip ${milliseconds(roundTrip)}`, asked ? `${answered} of ${asked} checks answered` : "",
      ].filter(Boolean).join(" · ")));

  return { update, show: () => stats.watch(update, container), hide: () => stats.unwatch(update) };
}

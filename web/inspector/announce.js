// What is selected, for those who do not see the drawing: at most once a second.

import { sentence } from "./words.js";

/** @param {import("./store.js").Store} store @param {HTMLElement} region that is live */
export function announce(store, region) {
  let timer = 0;
  let last = 0;
  const say = () => {
    timer = 0;
    last = performance.now();
    const { selected, current } = store;
    if (selected && current) region.textContent = sentence(selected, current);
  };
  store.addEventListener("select", () => {
    if (store.selected && !timer) timer = setTimeout(say, Math.max(0, last + 1000 - performance.now()));
  });
}

// The buttons for one exchange: what they make is loaded when one of them is pressed.

import { copyButton, element } from "./panels/dom.js";
import { download } from "./saving.js";

/**
 * Adds the buttons. They are about the exchange that is selected, or the last one.
 * @param {HTMLElement} container
 * @param {import("./store.js").Store} store
 * @param {import("./layers.js").Layers} layers
 * @param {HTMLElement} ladder
 */
export function create(container, store, layers, ladder) {
  const item = () => {
    const { selected, current } = store;
    return selected?.item && selected.item.kind !== "aside" ? selected.item : current?.exchanges.at(-1);
  };
  const as = async (form) => {
    const of = item();
    const pair = store.current;
    return (await import("./export.js"))[form](of, pair, layers, ladder);
  };
  const buttons = [
    copyButton("Copy text", () => as("text")),
    copyButton("Copy Mermaid", () => as("mermaid")),
    element("button", { type: "button", id: "export-svg", onclick: async () => {
      const { n } = item();
      download(await as("picture"), `exchange-${n}.svg`, "image/svg+xml");
    } }, "Save SVG"),
  ];
  container.append(...buttons);
  const update = () => {
    for (const button of buttons) button.disabled = !item();
  };
  for (const kind of ["change", "select"]) store.addEventListener(kind, update);
  update();
}

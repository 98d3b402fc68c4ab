// Saving what happened as a file, and opening one: by its buttons, or dropped on the page.

import { element } from "./panels/dom.js";

/** @typedef {import("./store.js").Store} Store */

/**
 * @param {HTMLElement} container of the buttons
 * @param {HTMLElement} banner that says which file is open
 * @param {Store} store
 * @param {import("./recording.js").Recording} recording
 */
export function create(container, banner, store, recording) {
  const plain = element("input", { type: "checkbox", id: "trace-plain" });
  const save = element("button", { type: "button", id: "trace-save" }, "Save trace");
  const picker = element("input", { type: "file", accept: ".jsonl,.txt,.rtcstats", hidden: true, tabindex: "-1", "aria-label": "Trace file" });
  const open = element("button", { type: "button", id: "trace-open", onclick: () => picker.click() }, "Open trace");
  const wrong = element("p", { id: "trace-error", class: "error", role: "alert", hidden: true });
  container.append(save, open, picker, element("label", { class: "check", title: "Otherwise addresses, credentials, the room’s name and chat are replaced by aliases." }, plain, "keep addresses, room and chat in plain"), wrong);

  save.addEventListener("click", async () => {
    globalThis.drawNow?.(); // gives what has happened since the last frame
    const { write } = await import("./file.js");
    const { room, source } = document.documentElement.dataset;
    const about = { userAgent: navigator.userAgent, room, source, self: document.getElementById("self")?.dataset.id ?? "", dropped: recording.dropped };
    download(write(recording.lines, about, !plain.checked), `trace-${new Date().toISOString().slice(0, 19).replaceAll(/[-:]/g, "")}.jsonl`);
  });

  /** Opens a file, or says why not. @param {File} file */
  async function show(file) {
    const { FileError, maxSize, read } = await import("./file.js");
    try {
      if (file.size > maxSize) throw new FileError(`The file has ${Math.ceil(file.size / (1 << 20))} MB; at most ${maxSize >> 20} MB are read.`);
      const { about, lines, events, broken, newer } = read(await file.text());
      store.open(lines, file.name);
      const notes = [
        `${events.toLocaleString()} events`, about.masked ? "masked" : "",
        broken ? `${broken.toLocaleString()} ${broken === 1 ? "line" : "lines"} could not be read` : "",
        about.dropped ? "its beginning was dropped" : "", newer ? "of a newer version: what is unknown is left out" : "",
      ].filter(Boolean).join(" · ");
      wrong.hidden = true;
      announce(file.name, notes);
    } catch (error) {
      wrong.textContent = error instanceof FileError ? error.message : `The file cannot be read: ${error.message}`;
      wrong.hidden = false;
    }
  }

  picker.addEventListener("change", () => {
    if (picker.files[0]) show(picker.files[0]);
    picker.value = ""; // so that the same file can be opened again
  });
  addEventListener("dragover", (event) => {
    if (event.dataTransfer?.types.includes("Files")) event.preventDefault();
  });
  addEventListener("drop", (event) => {
    const file = event.dataTransfer?.files[0];
    if (!file) return;
    event.preventDefault();
    show(file);
  });

  const name = element("b");
  const notes = element("span");
  const place = element("output");
  const back = element("button", { type: "button", "aria-label": "Step back", onclick: () => store.step(-1) }, "◀");
  const on = element("button", { type: "button", "aria-label": "Step forward", onclick: () => store.step(1) }, "▶");
  const close = element("button", { type: "button", id: "trace-close", class: "primary", onclick: () => store.close() }, "Back to live");
  banner.append(element("p", {}, "Trace file ", name, " · ", notes), element("div", { class: "steps" }, back, place, on, close));

  function announce(file, said) {
    name.textContent = file.slice(0, 100);
    notes.textContent = said;
    update();
    on.focus();
  }

  // update shows where in the file the page stands.
  function update() {
    const had = banner.contains(document.activeElement);
    banner.hidden = !store.file;
    document.body.classList.toggle("reading", Boolean(store.file));
    if (had && banner.hidden) open.focus();
    if (!store.file) return;
    const all = store.current?.ordered() ?? [];
    const at = store.selected ? all.indexOf(store.selected) + 1 : all.length;
    place.textContent = `event ${at.toLocaleString()} of ${all.length.toLocaleString()}`;
    back.disabled = at <= 1 && Boolean(store.selected);
    on.disabled = at >= all.length;
  }
  for (const kind of ["change", "select", "mode"]) store.addEventListener(kind, update);
  update();
}

/** Has the browser save text as a file. @param {string} text @param {string} name @param {string} [type] */
export function download(text, name, type = "application/x-ndjson") {
  const url = URL.createObjectURL(new Blob([text], { type }));
  element("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

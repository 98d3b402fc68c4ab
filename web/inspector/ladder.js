// The ladder: a list of exchanges. Each is a line; a collision opens itself, and an open
// one is drawn when it comes into view.

import { definitions, draw } from "./draw.js";
import { element } from "./panels/dom.js";
import { plan } from "./plan.js";
import { story } from "./story.js";
import { sentence, summary, time } from "./words.js";

/** @typedef {import("./exchange.js").Item} Item */

const narrowBelow = 560; // px
const margin = 200; // px around what is in view

export class Ladder {
  /** @type {Map<Item, Line>} */
  #lines = new Map();
  #due = false;
  #pair = null;
  #narrow = false;
  #newest = null; // the line that is followed
  #sizes = new ResizeObserver(() => this.#resized());

  /**
   * @param {import("./store.js").Store} store
   * @param {import("./layers.js").Layers} layers
   * @param {HTMLOListElement} list
   */
  constructor(store, layers, list) {
    this.store = store;
    this.layers = layers;
    this.list = list;
    document.body.append(definitions());
    /** @type {Set<Line>} that are open, and not drawn as they are now */
    this.undrawn = new Set();
    list.addEventListener("scroll", () => this.#later(), { passive: true });
    this.#sizes.observe(list);
    store.addEventListener("change", () => this.update());
    store.addEventListener("select", () => this.select());
    store.addEventListener("mode", () => this.follow());
    this.#fit();
    layers.addEventListener("change", () => {
      this.#all((line) => line.stale());
      this.update();
    });
    list.addEventListener("click", (event) => {
      const picked = event.target.closest("[data-i]");
      if (picked) this.pick(Number(picked.dataset.i));
    });
  }

  get narrow() {
    return this.#narrow;
  }

  #all(f) {
    for (const line of this.#lines.values()) f(line);
  }

  /** Shows what is new. */
  update() {
    const { current } = this.store;
    if (current !== this.#pair) {
      this.#pair = current;
      this.#all((line) => line.remove());
      this.#lines.clear();
    }
    if (!current) return;
    const kept = new Set(current.items);
    for (const [item, line] of this.#lines) {
      if (kept.has(item)) continue;
      line.remove();
      this.#lines.delete(item);
    }
    for (const item of current.items) {
      let line = this.#lines.get(item);
      if (!line) {
        line = new Line(this, item, current);
        this.#lines.set(item, line);
        this.list.append(line.li);
      }
      line.update();
    }
    this.follow();
    this.look();
  }

  /** Draws what is in view, or nearly so. */
  look() {
    if (!this.undrawn.size) return;
    const { top, bottom } = this.list.getBoundingClientRect();
    for (const line of this.undrawn) {
      const at = line.li.getBoundingClientRect();
      if (at.bottom > top - margin && at.top < bottom + margin) line.draw();
    }
  }

  #later() {
    if (this.#due) return;
    this.#due = true;
    requestAnimationFrame(() => {
      this.#due = false;
      this.look();
    });
  }

  // resized has the next frame fit the ladder to its size: that may change it again.
  #resized() {
    requestAnimationFrame(() => {
      this.#fit();
      this.follow();
      this.look();
    });
  }

  // fit draws all anew where the list has become narrow, or wide again.
  #fit() {
    const narrow = this.list.clientWidth < narrowBelow;
    if (narrow === this.#narrow) return;
    this.#narrow = narrow;
    this.#all((line) => line.stale());
  }

  /** Keeps the newest exchange in view while the page is live: its beginning, if it is long. */
  follow() {
    if (!this.store.live) return;
    const { list } = this;
    let newest = list.lastElementChild;
    while (newest && (newest.hidden || newest.dataset.kind === "aside")) newest = newest.previousElementSibling;
    if (newest !== this.#newest) {
      if (this.#newest) this.#sizes.unobserve(this.#newest);
      if (newest) this.#sizes.observe(newest); // out of sight it is as high as a line
      this.#newest = newest;
    }
    list.scrollTop = newest ? Math.min(list.scrollHeight - list.clientHeight, newest.offsetTop - list.offsetTop) : list.scrollHeight;
  }

  /** Selects the event with a number. @param {number} i */
  pick(i) {
    this.store.select(this.#pair?.events.find((e) => e.i === i) ?? null);
  }

  /** Marks what is selected, and brings it into view. */
  select() {
    for (const e of this.list.querySelectorAll(".selected")) e.classList.remove("selected");
    const { selected } = this.store;
    this.#all((line) => line.mark(selected));
  }
}

class Line {
  #version = -1;
  #drawn = -1; // the version that is drawn
  #opened = false;
  #plan = null;

  /** @param {Ladder} ladder @param {Item} item @param {import("./pair.js").Pair} pair */
  constructor(ladder, item, pair) {
    this.ladder = ladder;
    this.item = item;
    this.pair = pair;
    this.time = element("time");
    this.what = element("b");
    this.more = element("span", { class: "more" });
    this.took = element("span", { class: "took" });
    this.story = element("p", { class: "story" });
    this.canvas = element("div");
    this.body = element("div", { class: "body" }, this.story, this.canvas);
    this.details = element("details", {}, element("summary", {}, this.time, " ", this.what, " ", this.more, " ", this.took), this.body);
    this.li = element("li", { "data-n": item.n }, this.details);
    this.details.addEventListener("toggle", () => {
      this.#prepare();
      ladder.look();
    });
  }

  remove() {
    this.ladder.undrawn.delete(this);
    this.li.remove();
  }

  /** Shows the item as it is now. */
  update() {
    if (this.#version === this.item.version) return;
    this.#version = this.item.version;
    const { layers } = this.ladder;
    const { what, more, took } = summary(this.item, this.pair, (e) => layers.shows(e));
    this.li.dataset.kind = this.item.kind;
    this.li.dataset.state = this.item.kind === "aside" || this.item.settled ? "settled" : "open";
    this.time.textContent = time(this.item.begin);
    this.what.textContent = what;
    this.more.textContent = more;
    this.took.textContent = took;
    this.li.hidden = !what || !layers.has(this.item, `${what} ${more}`);
    if (this.item.kind === "collision") {
      this.story.textContent = story(this.item, this.pair);
      this.details.open ||= !this.#opened;
      this.#opened = true;
    }
    this.#prepare();
  }

  /** What is drawn is no longer so. */
  stale() {
    this.#version = this.#drawn = -1;
    this.update();
  }

  // prepare gives an open item the height of its drawing, which is made when it is in view.
  #prepare() {
    const { undrawn, layers, narrow } = this.ladder;
    undrawn.delete(this);
    if (!this.details.open || this.#drawn === this.#version) return;
    undrawn.add(this);
    if (this.item.kind === "aside") return;
    this.#plan = plan(this.item, this.pair, layers, narrow);
    this.canvas.style.height = `${this.#plan.height}px`;
  }

  /** Draws the item as it is now. */
  draw() {
    const { undrawn, layers, narrow, store } = this.ladder;
    undrawn.delete(this);
    this.#drawn = this.#version;
    if (this.item.kind === "aside") {
      this.body.replaceChildren(element("ul", {}, ...this.item.events.filter((e) => layers.shows(e)).map((e) =>
        element("li", { "data-i": e.i }, element("time", {}, time(e.t)), " ", sentence(e, this.pair)))));
    } else {
      this.canvas.replaceChildren(draw(this.#plan, this.pair, narrow));
    }
    this.mark(store.selected);
  }

  // show brings a part into view, above the sheet that says why on a narrow screen.
  #show(part) {
    part.scrollIntoView({ block: "nearest" });
    requestAnimationFrame(() => {
      const sheet = document.getElementById("why");
      if (getComputedStyle(sheet).position !== "fixed") return;
      const hidden = part.getBoundingClientRect().bottom + 12 - sheet.getBoundingClientRect().top;
      if (hidden > 0) scrollBy(0, hidden);
    });
  }

  /** @param {?import("./event.js").TraceEvent} selected */
  mark(selected) {
    if (selected?.item !== this.item) {
      this.li.removeAttribute("aria-current");
      return;
    }
    this.li.setAttribute("aria-current", "step");
    this.details.open = true;
    for (const e of this.body.querySelectorAll(`[data-i="${selected.i}"], [data-to="${selected.i}"]`)) e.classList.add("selected");
    this.#show(this.body.querySelector(".selected") ?? this.li);
  }
}

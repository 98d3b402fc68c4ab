// The panel of rates: how much flows over the selected pair, as small plots.

import { element, shape } from "./dom.js";
import { milliseconds } from "./network.js";
import { sampler } from "./stats.js";

const width = 300;
const height = 56;
const span = 60; // s

const units = ["B", "kB", "MB", "GB"];
function bytes(n) {
  const i = Math.min(Math.floor(Math.log10(Math.max(n, 1)) / 3), units.length - 1);
  return `${(n / 1000 ** i).toFixed(i && n / 1000 ** i < 10 ? 1 : 0)} ${units[i]}/s`;
}

const plots = [
  { label: "Bytes", lines: { sent: "bytesSent", received: "bytesReceived" }, words: bytes },
  { label: "Packets", lines: { sent: "packetsSent", received: "packetsReceived" }, words: (n) => `${Math.round(n)}/s` },
  { label: "Round trip", lines: { now: "roundTrip" }, words: milliseconds },
];

/**
 * @param {HTMLElement} container
 * @param {import("../store.js").Store} store
 */
export function create(container, store) {
  const stats = sampler(store);
  const empty = element("p", { class: "empty" });
  const drawn = plots.map(plot);
  const all = element("div", { class: "plots" }, ...drawn.map(({ figure }) => figure));
  container.append(empty, all);

  function update() {
    const { history } = stats;
    empty.hidden = history.length > 0;
    all.hidden = !history.length;
    empty.textContent = stats.connected ? "The first rates appear after two seconds." : "Rates are of a connection that this page has now.";
    if (history.length) for (const { draw } of drawn) draw(history);
  }
  return { update, show: () => stats.watch(update, container), hide: () => stats.unwatch(update) };
}

function plot({ label, lines, words }) {
  const paths = Object.keys(lines).map((name) => shape("path", { class: name }));
  const svg = shape("svg", { viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none", "aria-hidden": "true" }, ...paths);
  const now = element("span");
  const most = element("small");
  const figure = element("figure", {}, element("figcaption", {}, element("b", {}, label), most, now), svg);

  function draw(history) {
    const end = history.at(-1).t;
    const shown = history.filter(({ t }) => t > end - span * 1000);
    const top = Math.max(...Object.values(lines).flatMap((name) => shown.map((s) => s[name] ?? 0))) || 1;
    Object.values(lines).forEach((name, i) => {
      let last = -Infinity;
      const d = shown.filter((s) => s[name] !== null).map((s) => {
        const to = s.t - last > 3000 ? "M" : "L"; // nobody looked in between
        last = s.t;
        return `${to}${(width - ((end - s.t) / 1000 / span) * width).toFixed(1)} ${(height - 2 - (s[name] / top) * (height - 6)).toFixed(1)}`;
      });
      paths[i].setAttribute("d", d.join(""));
    });
    now.textContent = Object.entries(lines).map(([word, name]) => (word === "now" ? words(history.at(-1)[name]) : `${word} ${words(history.at(-1)[name])}`)).join(" · ");
    most.textContent = `most ${words(top)}`;
  }
  return { figure, draw };
}

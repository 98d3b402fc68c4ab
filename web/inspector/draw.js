// The drawing of an exchange, as one SVG. Its widths are in percent, so that it is drawn
// once for every size of the window.

import { shape } from "./panels/dom.js";
import { who } from "./names.js";

const roles = ["polite", "impolite", "none"];

/** What all drawings share: tips of arrows and patterns, once in the document. */
export function definitions() {
  const defs = shape("defs");
  for (const role of roles) {
    defs.append(
      shape("marker", { id: `ladder-tip-${role}`, class: role, viewBox: "0 0 9 9", refX: 14, refY: 4.5, markerWidth: 9, markerHeight: 9, markerUnits: "userSpaceOnUse", orient: "auto" }, shape("path", { d: "M0 0 9 4.5 0 9z" })),
      shape("pattern", { id: `ladder-held-${role}`, class: role, width: 6, height: 6, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" }, shape("rect", { class: "ground", width: 6, height: 6 }), shape("rect", { class: "stripe", width: 3, height: 6 })),
      shape("pattern", { id: `ladder-dots-${role}`, class: role, width: 5, height: 5, patternUnits: "userSpaceOnUse" }, shape("rect", { class: "ground", width: 5, height: 5 }), shape("circle", { class: "stripe", cx: 2.5, cy: 2.5, r: 1.4 })),
    );
  }
  defs.append(shape("pattern", { id: "ladder-connecting", width: 3, height: 6, patternUnits: "userSpaceOnUse" }, shape("rect", { class: "dash", width: 3, height: 3 })));
  return shape("svg", { class: "definitions", width: 0, height: 0, "aria-hidden": "true" }, defs);
}

/**
 * @param {ReturnType<import("./plan.js").plan>} plan
 * @param {import("./pair.js").Pair} pair
 * @param {boolean} narrow
 */
export function draw(plan, pair, narrow) {
  const at = narrow ? { here: 18, there: 82 } : { here: 30, there: 70 };
  const sign = { here: narrow ? 1 : -1, there: narrow ? -1 : 1 }; // on which side of its lane words stand
  const role = (side) => pair.role(side) || "none";
  const x = (side) => `${at[side]}%`;
  const words = (side, y, text, attributes = {}) =>
    shape("text", { x: x(side), y, dx: sign[side] * (narrow ? 14 : 22), "text-anchor": sign[side] > 0 ? "start" : "end", ...attributes }, text);

  const root = shape("svg", { class: narrow ? "drawing narrow" : "drawing", width: "100%", height: plan.height, "aria-hidden": "true", focusable: "false" });

  for (const band of plan.bands) {
    root.append(shape("g", { class: "band" },
      shape("rect", { x: `${at.here - (narrow ? 8 : 4)}%`, y: band.y1 - 6, width: `${at.there - at.here + (narrow ? 16 : 8)}%`, height: Math.max(20, band.y2 - band.y1 + 6) }),
      shape("text", { x: x("there"), y: band.y1 + 9, dx: -14, "text-anchor": "end" }, band.text)));
  }

  for (const arrow of plan.arrows) root.append(drawArrow(arrow));

  for (const side of ["here", "there"]) {
    const lane = shape("g", { class: `lane ${role(side)}${plan.guessed && side === "there" ? " inferred" : ""}` });
    const heading = narrow ? { x: side === "here" ? "2%" : "98%", "text-anchor": side === "here" ? "start" : "end" } : { x: x(side), "text-anchor": "middle" };
    lane.append(shape("text", { class: "name", y: 20, ...heading }, `${who(pair, side)}${pair.role(side) ? ` · ${pair.role(side)}` : ""}`));
    if (plan.guessed && side === "there") lane.append(shape("text", { class: "inferred", y: 34, ...heading }, narrow ? "inferred" : "inferred: it sends no trace"));
    const wire = plan.guessed && side === "there" ? [] : plan.connected[side];
    wire.forEach((from, i) => {
      const y = Math.max(from.y, 30);
      const to = wire[i + 1]?.y ?? plan.height - 6;
      if (from.state && to > y) lane.append(shape("rect", { class: `wire ${side} ${from.state}`, x: x(side), y, width: 3, height: to - y, ...(from.state === "connecting" && { fill: "url(#ladder-connecting)" }) }));
    });
    const line = [{ y: plan.guessed && side === "there" ? 40 : 30, state: "stable", held: false }, ...plan.states[side]];
    line.forEach((from, i) => {
      const to = line[i + 1]?.y ?? plan.height - 6;
      if (to > from.y) lane.append(shape("rect", { class: from.held ? "state held" : `state ${from.state}`, x: x(side), y: from.y, width: 10, height: to - from.y, ...fill(from, role(side)) }));
      if (from.state === "closed") lane.append(shape("rect", { class: "closed", x: x(side), y: from.y - 5, width: 10, height: 10 }));
    });
    root.append(lane);
  }

  for (const mark of plan.marks) {
    const g = shape("g", { class: `mark ${mark.kind} ${role(mark.side)}` });
    if (mark.i) g.dataset.i = mark.i;
    if (mark.kind === "connection") g.append(shape("circle", { class: mark.side, cx: x(mark.side), cy: mark.y, r: 4 }));
    g.append(words(mark.side, mark.y + (narrow && mark.kind !== "connection" ? 16 : 4), mark.text));
    root.append(g);
  }
  for (const { y, text } of plan.times) root.append(shape("text", { class: "time", x: narrow ? 2 : 14, y: y + 4 }, text));
  return root;

  function drawArrow(arrow) {
    const to = arrow.from === "here" ? "there" : "here";
    const span = at[to] - at[arrow.from];
    const part = arrow.end === "under way" ? 0.6 : 1;
    const line = {
      x1: x(arrow.from), y1: arrow.y1,
      x2: `${at[arrow.from] + part * span}%`, y2: arrow.y1 + part * (arrow.y2 - arrow.y1),
    };
    const name = role(arrow.from);
    const g = shape("g", { class: `arrow ${arrow.type} ${name}${arrow.void ? " void" : ""}${arrow.end === "under way" ? " flying" : ""}`, "data-i": arrow.i, "data-to": arrow.to },
      shape("line", { class: "touch", ...line }),
      shape("line", arrow.ignored ? line : { ...line, "marker-end": `url(#ladder-tip-${name})` }));
    if (arrow.ignored) {
      const mark = shape("path", { class: "cross", d: "M-6-6 6 6M6-6-6 6" });
      const place = shape("svg", { x: x(to), y: line.y2, overflow: "visible" }, mark);
      mark.setAttribute("transform", `translate(${to === "there" ? -15 : 15} ${to === "there" ? -1 : -1})`);
      g.append(place);
    }
    if (arrow.start === "assumed") g.append(shape("circle", { class: "assumed", cx: line.x1, cy: line.y1, r: 3.5 }));
    if (arrow.end === "assumed") g.append(shape("circle", { class: "assumed", cx: line.x2, cy: line.y2, r: 3.5 }));
    g.append(shape("text", {
      x: x(arrow.from), y: arrow.y1 - 5, dx: arrow.from === "here" ? 14 : -14,
      "text-anchor": arrow.from === "here" ? "start" : "end",
    }, arrow.label));
    return g;
  }
}

// Each state looks different without its colour, too.
function fill({ state, held }, role) {
  if (held) return { fill: `url(#ladder-held-${role})` };
  if (state === "have-remote-offer") return { fill: `url(#ladder-dots-${role})` };
  return {};
}

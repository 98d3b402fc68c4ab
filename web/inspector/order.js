// Two sides' events in one order: each side's own, and no message before it was sent. The
// clocks, which differ, decide only between what no message orders.

/** @typedef {import("./event.js").TraceEvent} TraceEvent */

/**
 * @param {TraceEvent[]} events of both sides, each side's in its order
 * @param {number} offset how far the other side's clock is ahead, in ms
 * @returns {TraceEvent[]}
 */
export function ordered(events, offset) {
  const here = events.filter((e) => e.side === "here");
  const there = events.filter((e) => e.side === "there");
  if (!there.length) return here;
  here.sort((a, b) => a.n - b.n);
  there.sort((a, b) => a.life - b.life || a.n - b.n); // it may have begun anew

  const unsent = new Set(); // keys of messages whose sending is still to come
  for (const e of events) if (e.msg?.sent) unsent.add(e.msg.key);
  const ready = (e) => !e.msg || e.msg.sent || !unsent.has(e.msg.key);

  const merged = [];
  let h = 0;
  let t = 0;
  while (h < here.length && t < there.length) {
    const ours = here[h];
    const theirs = there[t];
    let first = ours.t <= theirs.t - offset ? ours : theirs;
    if (!ready(first)) first = first === ours ? theirs : ours;
    if (!ready(first)) first = ours; // neither can be: somebody tells a tale
    if (first === ours) h++;
    else t++;
    if (first.msg?.sent) unsent.delete(first.msg.key);
    merged.push(first);
  }
  return merged.concat(here.slice(h), there.slice(t));
}

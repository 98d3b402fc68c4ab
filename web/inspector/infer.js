// What the other side did, where it sends no trace of its own: inferred from what came of
// our messages and from its messages. It is drawn as such.

/** @typedef {import("./event.js").TraceEvent} TraceEvent */

/**
 * @param {TraceEvent[]} events of our side, in their order
 * @param {import("./exchange.js").Item} item
 * @returns {(TraceEvent & {inferred?: boolean})[]}
 */
export function inferred(events, item) {
  const all = [];
  let arriving = []; // messages of ours that have not arrived

  const there = (e, kind, state, msg = e.msg) =>
    all.push({ ...e, side: "there", inferred: true, kind, state, held: false, sdp: "", cause: 0, msg: { ...msg, sent: !e.msg.sent } });

  function arrive() {
    for (const e of arriving) {
      const fate = item.offers.get(e.msg.key)?.fate;
      if (e.msg.type === "answer") there(e, "answer-received", "stable");
      else if (fate === "taken back") {
        there(e, "offer-received", "have-local-offer");
        there(e, "collision-ignored", "have-local-offer");
      } else {
        const theirs = [...item.offers.values()].find((o) => o.from === "there" && o.fate === "ignored");
        there(e, "offer-received", "have-remote-offer");
        if (theirs) there(e, "collision-rollback", "have-remote-offer", { ...e.msg, type: "offer", seq: theirs.seq, key: theirs.key, from: "there" });
      }
    }
    arriving = [];
  }

  for (const e of events) {
    switch (e.kind) {
      case "offer-received":
        there(e, "offer-sending", "have-local-offer");
        arrive();
        break;
      case "answer-received":
        arrive();
        there(e, "answer-sending", "stable");
        break;
      case "offer-sending":
      case "answer-sending":
        arriving.push(e);
    }
    all.push(e);
  }
  if (item.settled) arrive();
  return all;
}

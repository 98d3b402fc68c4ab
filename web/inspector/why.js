// Why something happened: what is selected in the ladder, in words.

import { element } from "./panels/dom.js";
import { other as across, short, upper, who, whose } from "./names.js";
import { change, message, previous, sentence } from "./words.js";

/** @typedef {import("./event.js").TraceEvent} TraceEvent */
/** @typedef {import("./pair.js").Pair} Pair */

const sample = "https://www.w3.org/TR/webrtc/#perfect-negotiation-example";

export class Why {
  #shown = null;
  #version = -1; // of its item, as it is shown
  #rules = null; // the promise of the rules, which are loaded with the first event
  #ruleOf = () => null;

  /**
   * @param {import("./store.js").Store} store
   * @param {HTMLElement} card with a heading and a text
   * @param {HTMLElement} buttons that act on what is shown
   */
  constructor(store, card, buttons) {
    this.store = store;
    this.card = card;
    this.heading = card.querySelector("h2");
    this.text = card.querySelector("#why-text");
    this.initial = [...this.text.childNodes];
    this.buttons = buttons;
    card.querySelector("#why-close").addEventListener("click", () => store.follow());
    store.addEventListener("select", () => this.update());
    store.addEventListener("change", () => this.update());
  }

  /** The event that is shown: the selected one; while the page is live, the last decision. @returns {?TraceEvent} */
  get event() {
    return this.store.selected ?? latest(this.store.current);
  }

  update() {
    const { event } = this;
    this.card.dataset.selected = Boolean(this.store.selected);
    const version = event?.item?.version ?? 0;
    if (event === this.#shown && version === this.#version) return;
    const same = event === this.#shown;
    this.#shown = event;
    this.#version = version;
    const pair = this.store.current;
    if (!event || !pair) {
      this.heading.textContent = "Why";
      this.text.replaceChildren(...this.initial);
      return;
    }
    this.#rules ??= import("./rules.js").then(({ ruleOf }) => {
      this.#ruleOf = ruleOf;
      this.#version = -1;
      this.update();
    });
    this.card.dataset.kind = event.kind;
    this.card.dataset.side = event.side;
    this.heading.textContent = `Why: ${sentence(event, pair)}`;
    this.text.replaceChildren(...paragraphs(event, pair), facts(event, pair, this.#ruleOf(event)), this.buttons);
    if (!same) this.text.scrollTop = 0;
  }
}

// latest is the last decision about a collision, our own if there is one.
function latest(pair) {
  const decided = pair?.collisions.at(-1)?.events.filter((e) => e.kind === "collision-rollback" || e.kind === "collision-ignored");
  return decided?.find((e) => e.side === "here") ?? decided?.[0] ?? null;
}

const role = (pair, side) => {
  const name = pair.role(side) || "none";
  const actor = who(pair, side);
  return element("b", { class: name }, actor === "you" ? "You are " : `${upper(actor)} is `, name === "none" ? "of no role" : name);
};

// paragraphs say what happened, and why.
function paragraphs(e, pair) {
  const p = (...parts) => element("p", {}, ...parts);
  const other = across(e.side);
  const me = who(pair, e.side);
  const verb = (you, they) => (me === "you" ? you : they);
  const alike = pair.role(e.side) && pair.role(e.side) === pair.role(other); // which is wrong
  const offers = [...(e.item?.offers.values() ?? [])];
  const about = e.msg && offers.find((o) => o.key === e.msg.key);
  const rival = about && offers.find((o) => o.from !== about.from);
  const renewal = about && offers.find((o) => o.renews === about);
  switch (e.kind) {
    case "collision-ignored":
      return [
        p(role(pair, e.side), ` and had ${verb("your", "its")} own ${rival ? message({ type: "offer", seq: rival.seq }) : "offer"} out when ${message(e.msg)} came. Of two offers that cross, the impolite one counts.`),
        alike
          ? p(role(pair, other), ", too, which is wrong: it ignores the other offer as well. Each waits for an answer that nobody will send.")
          : p(role(pair, other), `: ${again(pair, other, e.msg, rival, renewal)}`),
      ];
    case "collision-rollback":
      return [
        p(role(pair, e.side), `: ${again(pair, e.side, e.msg, rival, renewal)} ${heldBefore(e, pair) ? "It was sent and not set yet, so nothing had been applied, and nothing is lost." : ""}`),
        alike
          ? p(role(pair, other), ", too, which is wrong: it takes its offer back as well. Each answers an offer that is no more, and nothing is agreed.")
          : p(role(pair, other), ` and ignores ${message(e.msg)}: of two offers that cross, the impolite one counts.`),
      ];
    case "offer-sending": {
      const said = change(e, pair);
      const cause = pair.cause(e);
      return [
        p(`${upper(me)} offered`, about?.renews ? ` again what ${message({ type: "offer", seq: about.renews.seq })} wanted` : "", cause ? `, because: ${sentence(cause, pair)}` : "", "."),
        ...(said.length ? [p(`It changes: ${said.join(", ")}.`)] : []),
        ...(fate(about, pair) ? [p(fate(about, pair))] : []),
      ];
    }
    case "offer-received":
      return [p(`${upper(me)} received ${whose(pair, e.msg.from)} ${message(e.msg)}. ${fate(about, pair)}`)];
    case "candidate-ignored":
      return [p(`The candidate belongs to ${e.why === "of-ignored-offer" ? "an offer that was ignored" : "a description that is not applied"}: there is nothing to add it to.`)];
    default:
      return [p(`${sentence(e, pair)}.`), ...(e.err ? [p(e.err)] : [])];
  }
}

function again(pair, side, msg, rival, renewal) {
  const it = who(pair, side) === "you" ? "you" : "it";
  if (!rival) return `${it} takes ${message(msg)} back when the other one comes.`;
  const answered = rival.fate === "answered" ? `, answered ${message({ type: "offer", seq: rival.seq })}` : "";
  const offered = renewal ? `, and offered again (${renewal.seq}) what ${rival.seq} had not covered` : "";
  return `${it} took ${message(msg)} back${answered}${offered}.`;
}

function fate(offer, pair) {
  if (!offer) return "";
  const other = who(pair, across(offer.from));
  return {
    answered: `${upper(other)} answered it.`,
    pending: "It is not answered yet.",
    ignored: "It crossed another offer, and was ignored.",
    "taken back": "It crossed another offer, and was taken back.",
    refused: "It was refused.",
    abandoned: "It came to nothing: the pairing ended.",
  }[offer.fate];
}

// before is the last event of the same side that tells a state.
function before(e, pair) {
  let last = null;
  for (const other of pair.events) {
    if (other.side !== e.side || !other.state || other.life !== e.life) continue;
    if (other.n < e.n && (!last || other.n > last.n)) last = other;
  }
  return last;
}

const heldBefore = (e, pair) => before(e, pair)?.held ?? false;

function facts(e, pair, rule) {
  const list = element("dl");
  const add = (name, ...value) => list.append(element("dt", {}, name), element("dd", {}, ...value));
  const was = before(e, pair);
  if (was) add("State before", was.state, was.held ? " (held: sent, not set)" : "");
  if (e.state && e.state !== was?.state) add("State after", e.state, e.held ? " (held)" : "");
  if (rule) {
    add("Rule", rule.rule);
    if (rule.sample) add(element("a", { href: sample, target: "_blank", rel: "noreferrer" }, "W3C sample"), element("code", {}, rule.sample));
    add("Source", element("code", {}, rule.source[1]), element("span", { class: "file" }, `${rule.source[0]} · ${document.documentElement.dataset.source.slice(0, 8)}`));
  }
  if (e.next) add("Tried again", new Date(e.next).toLocaleTimeString());
  if (e.side === "there") add("Told by", `${short(pair.id)}’s own trace`);
  return list;
}

/** What of a message can be compared. @param {?TraceEvent} e @param {Pair} pair */
export const comparable = (e, pair) => (e?.sdp ? previous(e, pair) : null);

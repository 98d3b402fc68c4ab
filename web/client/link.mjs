// The link between the sessions of two peers: what one sends arrives at the other once and
// in order, over a relay that may lose, repeat and delay it. The documentation of the Go
// package signaling/link has the rules, and its testdata the conversations that both pass.

const inFlight = 64, maxWaiting = 1024; // messages

// What the other side sends may have any type.
const text = (value) => (typeof value === "string" ? value : "");
const count = (value) => (value === undefined ? 0 : Number.isSafeInteger(value) && value >= 0 ? value : Infinity);

/** End is one of the two ends. It has no clock and sends nothing by itself. */
export class End {
  ours = ""; // session, bound to theirs
  theirs = "";
  owes = false; // an acknowledgement
  #newSession;
  #hello;
  #next; // session of ours that is bound next
  #greeter = ""; // session of theirs that is told it
  #greet = true;
  #sure = false; // theirs has said that it is bound to ours
  #now = false; // a frame is due, even without a message
  #waiting = []; // messages that are not acknowledged
  #sent = 0; // how many of them, since again
  #acked = 0;
  #got = 0;

  constructor(newSession, hello) {
    this.#newSession = newSession;
    this.#hello = hello;
    this.#next = newSession();
  }

  get waiting() { return this.#waiting.length; }
  get idle() { return this.theirs !== "" && this.#sure && this.#waiting.length === 0; }

  /** send queues a message: the fields that a frame is to have besides those of the link. */
  send(message) {
    if (!this.theirs) throw new Error("link: no session of the other side is known");
    if (this.#waiting.length === maxWaiting) throw new Error("link: the other side acknowledges nothing");
    this.#waiting.push(message);
  }

  /** again has frames return all that may have been lost. */
  again() {
    this.#sent = 0;
    this.#greet = !this.theirs;
    this.#now ||= !this.#sure && !this.#greet;
  }

  /** acknowledge has frames return the acknowledgement that it owes. */
  acknowledge() { this.#now ||= this.owes; }

  /** renew ends the binding: the next is between new sessions of both sides. */
  renew() {
    this.ours = this.theirs = this.#greeter = "";
    this.#sure = this.owes = this.#now = false;
    this.#waiting = [];
    this.#next ||= this.#newSession();
    this.#greet = true;
  }

  /** receive says what comes of a frame: bound, a binding begins; delivered, its message is new; or why it is dropped. */
  receive(frame, mayBind) {
    const s = text(frame.s), r = text(frame.r), seq = count(frame.seq), isBound = frame.ack !== undefined;
    if (!s || s.length > 64 || isBound && !r || seq > 0 && !isBound) return { dropped: "absurd" };
    const bound = r !== "" && r === this.#next;
    if (bound) {
      if (!mayBind) return { dropped: "hasty" };
      this.#bind(s);
    } else if (r && r !== this.ours) {
      return { dropped: "stale" };
    } else if (s !== this.theirs) {
      this.#next ||= this.#newSession();
      this.#greeter = s;
      this.#greet = true;
      return {};
    } else if (!r) {
      return { dropped: "stale" }; // it has named our session since
    }
    return { bound, ...this.#take(frame, seq, isBound) };
  }

  #bind(session) {
    [this.ours, this.theirs, this.#next] = [this.#next, session, ""];
    this.#sure = this.#greet = false;
    this.#waiting = [];
    this.#sent = this.#acked = this.#got = 0;
    this.#now = true;
  }

  #take(frame, seq, isBound) {
    if (isBound) {
      const acked = count(frame.ack) - this.#acked;
      if (acked > Math.min(this.#waiting.length, inFlight)) return { dropped: "absurd" };
      this.#sure = true;
      if (acked > 0) {
        this.#waiting.splice(0, acked);
        this.#sent = Math.max(0, this.#sent - acked);
        this.#acked += acked;
      }
    }
    this.#now ||= frame.hello !== undefined;
    if (seq === 0) return {};
    if (seq > this.#got + inFlight) return { dropped: "absurd" };
    if (seq > this.#got + 1) return { dropped: "gap" };
    this.owes = true;
    if (seq <= this.#got) {
      this.#now = true; // the acknowledgement was lost
      return { dropped: "repeated" };
    }
    this.#got++;
    return { delivered: true };
  }

  /** frames returns those to send now. */
  frames() {
    const list = [];
    if (this.#greet) {
      this.#greet = false;
      list.push({ s: this.#next, r: this.#greeter || undefined, hello: this.#hello });
    }
    const frame = (seq, message) => {
      this.owes = this.#now = false;
      list.push({ s: this.ours, r: this.theirs, seq, ack: this.#got, hello: this.#sure ? undefined : this.#hello, ...message });
    };
    for (; this.#sent < Math.min(this.#waiting.length, inFlight); this.#sent++) {
      frame(this.#acked + this.#sent + 1, this.#waiting[this.#sent]);
    }
    if (this.#now) frame();
    return list;
  }
}

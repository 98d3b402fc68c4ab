// The connection to the relay. The documentation of the Go packages signaling/wire and
// signaling has the wire, and how a client shows and expects signs of life.

import { seconds, Timer } from "./timer.mjs";

export const protocol = 1;
const minProtocol = 1;
const maxFrame = 64 << 10; // bytes
const maxBuffered = 1 << 20; // bytes

const warnings = ["bad-message", "not-found"]; // after all other errors the relay closes the connection
const finals = ["bad-room", "bad-role", "bad-rank", "bad-key", "bad-protocol", "bad-token", "forbidden", "replaced"];
const finalsAtFirst = ["role-taken", "room-full"]; // for those who were never in the room

/** RoomError is why something in a room does not go on. */
export class RoomError extends Error {
  constructor(code, message, { final = false, retryAfter = 0, cause } = {}) {
    super(message, { cause });
    Object.assign(this, { name: "RoomError", code, final, retryAfter: Number(retryAfter) || 0 });
  }
}

/** newSession returns a name that cannot be guessed. */
export function newSession() {
  return Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** newKey returns a secret identity of 128 bits. */
export function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** tooOld reports whether a relay or a peer states a protocol that is not spoken here. */
export const tooOld = (speaker) => Number.isSafeInteger(speaker.protocol) && speaker.protocol < minProtocol;

/** Relay is a connection that is made again when it is lost. What is on its way then is lost. */
export class Relay {
  #url; // of the WebSocket
  #key;
  #token;
  #ticket; // the last one that the relay gave
  #handler;
  #name = newKey(); // of the dials
  #socket = null;
  #id = ""; // ours, once we are welcome
  #check = () => {};
  #closed = false;

  /** handler has received(envelope), and lost(error), which is final if no connection is made again. */
  constructor(url, { key, token, ticket }, handler) {
    this.#url = url;
    this.#key = key;
    this.#token = token;
    this.#ticket = ticket;
    this.#handler = handler;
    this.#run();
  }

  get ticket() { return this.#ticket; }

  /** send sends an envelope if it can. It throws if it never can. */
  send(envelope) {
    const frame = JSON.stringify(envelope);
    if (new TextEncoder().encode(frame).length > maxFrame) {
      throw new RoomError("too-large", `a message is over the relay's limit of ${maxFrame} bytes`);
    }
    if (this.#socket?.readyState === WebSocket.OPEN && this.#socket.bufferedAmount <= maxBuffered) this.#socket.send(frame);
  }

  /** check probes the connection now or, if there is none, makes one now: the network may have changed. */
  check() { this.#check(); }

  close() {
    this.#closed = true;
    this.#socket?.close(); // once all is sent
    this.#check(); // ends a wait
  }

  async #run() {
    let admitted = false, failures = 0, expired = null, shown = "";
    for (let dial = 1; !this.#closed; dial++) {
      let error;
      this.#id = "";
      try {
        const token = await this.#tokenNow();
        if (expired && token === shown && !admitted) throw new RoomError(expired.code, expired.message, { final: true });
        shown = token;
        error = await this.#connection(dial, token);
      } catch (thrown) {
        error = thrown instanceof RoomError ? thrown : new RoomError("unreachable", thrown.message, { cause: thrown, final: true });
      }
      if (this.#closed) return;
      if (this.#id) [admitted, failures] = [true, 0];
      expired = error.code === "token-expired" ? error : null;
      error.final ||= finals.includes(error.code) || !admitted && finalsAtFirst.includes(error.code);
      this.#handler.lost(error);
      if (error.final) return;
      const delay = failures < 12 ? Math.min(250 << failures, 2 * seconds) : 10 * seconds;
      failures++;
      await new Promise((resolve) => {
        this.#check = resolve;
        setTimeout(resolve, Math.max(delay * (0.5 + Math.random()), Math.min(error.retryAfter, 60) * seconds));
      });
    }
  }

  async #tokenNow() {
    let token;
    try {
      token = text(typeof this.#token === "function" ? await this.#token() : this.#token);
    } catch (cause) {
      throw new RoomError("no-token", `there is no token for the relay: ${cause.message}`, { cause });
    }
    if (!/^[\w.-]{0,4096}$/.test(token)) throw new RoomError("no-token", "a token must have 1 to 4096 characters of base64url and dots");
    return token;
  }

  // connection makes a connection, serves it, and resolves with why it has ended.
  #connection(dial, token) {
    const protocols = ["pn", `pn.key.${this.#key}`];
    if (token) protocols.push(`pn.token.${token}`);
    if (this.#ticket) protocols.push(`pn.ticket.${this.#ticket}`);
    const begin = Date.now(), socket = new WebSocket(`${this.#url}&dial=${this.#name}.${dial}`, protocols);
    this.#socket = socket;
    return new Promise((resolve) => {
      const silence = new Timer();
      let refusal = null;
      const end = (error) => {
        silence.stop();
        socket.onmessage = socket.onclose = null;
        socket.close();
        resolve(error);
      };
      const expect = (ms) => silence.set(ms, () => end(new RoomError("silent", "the relay gives no sign of life")));
      const probe = (ms) => {
        this.send({ to: this.#id }); // to oneself: a page cannot ping
        expect(ms);
      };
      this.#check = () => {
        if (this.#id) probe(3 * seconds);
        else if (Date.now() - begin > seconds) end(new RoomError("silent", "the relay has not answered yet"));
      };
      expect(10 * seconds);
      socket.onmessage = ({ data }) => {
        const envelope = JSON.parse(data), { welcome, error, from } = envelope;
        if (welcome && tooOld(welcome)) return end(new RoomError("bad-protocol", "the relay speaks too old a protocol: update it"));
        if (welcome) [this.#id, this.#ticket] = [welcome.id, welcome.ticket ?? this.#ticket];
        silence.set(5 * seconds, () => probe(8 * seconds));
        if (error && !warnings.includes(error.code)) refusal = new RoomError(error.code, error.message, { retryAfter: error.retryAfter });
        else if (!from || from !== this.#id) this.#handler.received(envelope);
      };
      socket.onclose = async () => {
        if (!this.#id && !this.#closed) refusal ??= await this.#refusal();
        end(refusal ?? new RoomError("unreachable", "the relay cannot be reached"));
      };
    });
  }

  // refusal asks the relay why it takes no WebSocket, which a browser does not tell.
  async #refusal() {
    const { origin, pathname, searchParams } = new URL(this.#url.replace("ws", "http"));
    const query = new URLSearchParams({ join: "", room: searchParams.get("room") });
    try {
      const response = await fetch(`${origin}${pathname.replace(/ws$/, "readyz")}?${query}`, { cache: "no-store", credentials: "omit" });
      const code = { 403: "forbidden", 429: "busy", 503: "busy" }[response.status];
      const retryAfter = Number(response.headers.get("Retry-After"));
      return code ? new RoomError(code, (await response.text()).trim(), { retryAfter }) : null;
    } catch {
      return null; // it does not answer at all
    }
  }
}

/** text returns a value that may have any type as text. */
export const text = (value) => (typeof value === "string" ? value : "");

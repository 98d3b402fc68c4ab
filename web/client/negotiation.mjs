import { RoomError, text } from "./relay.mjs";

const maxSteps = 512; // that wait

const bundle = (sdp) => /^a=group:BUNDLE ([^\r\n]*)/m.exec(sdp)?.[1].trim().split(" ") ?? [];

// tagged puts the section that carries the transport first in the BUNDLE group: the first of
// those before that is still there or, if there are none, that of data channels, which never
// ends. When it ends, a browser makes a new transport, and pion cannot.
function tagged(sdp, before) {
  const group = bundle(sdp);
  const tag = before.length > 0 ? before.find((mid) => group.includes(mid)) : /^m=application [^]*?^a=mid:(\S*)/m.exec(sdp)?.[1];
  if (!group.includes(tag)) return sdp;
  return sdp.replace(/^a=group:BUNDLE [^\r\n]*/m, ["a=group:BUNDLE", tag, ...group.filter((mid) => mid !== tag)].join(" "));
}

// renumbered gives each RTP header extension one id, that of the description before if it has
// one. Chromium keeps the ids of an offer that was dropped, and may then make one that it and
// others refuse. https://www.rfc-editor.org/rfc/rfc9143#section-10
function renumbered(sdp, before) {
  const extension = /^a=extmap:(\d+)(\/\w+)? ([^\r\n]*)/gm, ids = new Map(), taken = new Set();
  const idOf = (id, uri) => {
    if (!ids.has(uri)) {
      for (let n = 1; taken.has(id) || id === "15"; n++) id = String(n); // 15 is reserved
      ids.set(uri, id);
      taken.add(id);
    }
    return ids.get(uri);
  };
  for (const [, id, , uri] of before.matchAll(extension)) idOf(id, uri);
  return sdp.replace(extension, (_, id, direction = "", uri) => `a=extmap:${idOf(id, uri)}${direction} ${uri}`);
}

const roleIn = (answer) => /^a=setup:(\w+)/m.exec(answer)?.[1];
const withRole = (answer, role) => (role ? answer.replace(/^a=setup:\w+/gm, `a=setup:${role}`) : answer);
const opposite = (role) => ({ active: "passive", passive: "active" })[role];

// Negotiation is the W3C sample over a link. Each step ends before the next begins, so it
// needs none of the sample's flags for what is under way. A polite peer holds its offer: it
// is set only when the answer is here, because browsers lose what they roll back.
// https://www.w3.org/TR/webrtc/#perfect-negotiation-example
export class Negotiation {
  #connection;
  #polite;
  #send;
  #fail;
  #steps = Promise.resolve();
  #waiting = 0; // steps
  #pending = null; // our offer without an answer
  #needed = false; // the browser has asked for an offer since the last exchange began
  #requested = false; // the other side has
  #ignoring = false; // the last offer, and with it its candidates
  #group = []; // BUNDLE group of the last answer
  #role; // ours in DTLS: Firefox states another one when it restarts ICE, and keeps it

  constructor(connection, polite, send, fail) {
    this.#connection = connection;
    this.#polite = polite;
    this.#send = send;
    this.#fail = fail;
    connection.addEventListener("negotiationneeded", () => {
      this.#needed = true;
      this.#do(() => this.#offer());
    });
    // In turn: a candidate must not overtake its description.
    connection.addEventListener("icecandidate", ({ candidate }) => this.#do(() => send({ candidate })));
  }

  request() {
    this.#requested = true;
    this.#do(() => this.#offer());
  }

  receive({ description, candidate }) {
    if (description?.type === "offer") this.#do(() => this.#answer(text(description.sdp)));
    else if (description?.type === "answer") this.#do(() => this.#complete(text(description.sdp)));
    else if (candidate !== undefined) this.#do(() => this.#add(candidate));
  }

  #do(step) {
    if (this.#waiting++ > maxSteps) return this.#fail(new RoomError("too-fast", "a peer sends more than can be handled"));
    this.#steps = this.#steps.then(step).catch(this.#fail).finally(() => { this.#waiting--; });
  }

  async #offer() {
    const hasSections = this.#connection.remoteDescription !== null;
    if (this.#pending || !this.#needed && !(this.#requested && hasSections)) return;
    const offer = { description: null, requested: this.#requested };
    this.#needed = this.#requested = false;
    const { sdp } = await this.#connection.createOffer();
    offer.description = { type: "offer", sdp: renumbered(tagged(sdp, this.#group), this.#connection.currentLocalDescription?.sdp ?? "") };
    if (!this.#polite) await this.#connection.setLocalDescription(offer.description);
    this.#pending = offer;
    this.#send({ description: offer.description });
  }

  async #answer(offer) {
    this.#ignoring = this.#pending !== null && !this.#polite;
    if (this.#ignoring) return;
    this.#needed = false; // once stable, the browser asks again
    await this.#connection.setRemoteDescription({ type: "offer", sdp: offer });
    this.#requested ||= this.#pending !== null && this.#pending.requested;
    this.#pending = null; // this is the rollback
    const { sdp } = await this.#connection.createAnswer();
    const description = { type: "answer", sdp: tagged(sdp, bundle(offer)) };
    await this.#connection.setLocalDescription(description);
    this.#ends(description.sdp);
    this.#role ??= roleIn(description.sdp);
    this.#send({ description: { type: "answer", sdp: withRole(description.sdp, this.#role) } });
    await this.#offer();
  }

  async #complete(answer) {
    if (!this.#pending) return; // its offer was taken back
    this.#needed = false;
    if (this.#polite) await this.#connection.setLocalDescription(this.#pending.description);
    this.#ends(answer);
    await this.#connection.setRemoteDescription({ type: "answer", sdp: withRole(answer, opposite(this.#role)) });
    this.#role ??= opposite(roleIn(answer));
    this.#pending = null;
    this.#ignoring = false;
    await this.#offer();
  }

  // ends is called with the answer that ends an exchange. Where the section that carried the
  // transport has ended, there is a new transport. https://www.rfc-editor.org/rfc/rfc8842#section-5.3
  #ends(answer) {
    const group = bundle(answer);
    if (!group.includes(this.#group[0])) this.#role = undefined;
    this.#group = group;
  }

  // add drops the candidates of other descriptions, which Chromium would take.
  async #add(candidate) {
    const remote = this.#connection.remoteDescription;
    const ufrag = candidate?.usernameFragment ?? / ufrag (\S+)/.exec(candidate?.candidate)?.[1];
    if (this.#ignoring || !remote || ufrag && !remote.sdp.includes(`a=ice-ufrag:${ufrag}\r\n`)) return;
    await this.#connection.addIceCandidate(candidate ?? undefined).catch(() => {}); // others may do
  }
}

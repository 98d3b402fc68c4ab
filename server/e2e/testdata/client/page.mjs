// A page that another server has made: it imports client.mjs, and chats with all in a room.
const query = new URLSearchParams(location.search);

const seen = { joins: 0, leaves: [], errors: [], received: [], opened: 0, offers: 0, answers: 0, rollbacks: 0, ignored: 0 };
for (const type of ["error", "unhandledrejection"]) {
  addEventListener(type, ({ message, reason }) => seen.errors.push({ code: type, message: String(message ?? reason?.stack) }));
}
const pending = new Map(); // by peer: our offer is not answered
const polite = new Map();

// What crosses the wire, between us and each peer.
globalThis.WebSocket = class extends WebSocket {
  constructor(...args) {
    super(...args);
    this.addEventListener("message", ({ data }) => note(JSON.parse(data), false));
  }
  send(frame) {
    note(JSON.parse(frame), true);
    super.send(frame);
  }
};
const noted = new Set();
function note({ to, from, s, seq, description }, sent) {
  const peer = sent ? to : from, id = `${s} ${seq}`;
  if (!description || noted.has(id)) return; // it was repeated
  noted.add(id);
  if (description.type === "offer" && !sent && pending.get(peer)) seen[polite.get(peer) ? "rollbacks" : "ignored"]++;
  if (description.type === "answer" && !sent) seen.answers++;
  if (description.type === "offer" && sent) seen.offers++;
  if (sent === (description.type === "offer")) pending.set(peer, sent);
  else if (polite.get(peer)) pending.set(peer, false);
}

const { join, newKey } = await import(`${query.get("server")}/client.mjs`);
const channels = new Map(); // by peer: that of ours, and those of the other side
const tracks = [];
const arrived = {}, counted = new Map();

const key = query.get("key") ?? sessionStorage.getItem("key") ?? newKey();
sessionStorage.setItem("key", key);
const room = join({ room: query.get("room"), role: query.get("role") ?? undefined, key, token: query.get("token") ?? undefined });

function use(peer, channel, own) {
  channel.onopen = () => {
    seen.opened++;
    if (own) channels.get(peer.id).unshift(channel);
    else channels.get(peer.id).push(channel);
  };
  channel.onmessage = ({ data }) => seen.received.push({ from: peer.id, line: data });
}
const connect = (peer) => use(peer, peer.connection.createDataChannel("client"), true);

room.addEventListener("join", ({ peer }) => {
  seen.joins++;
  channels.set(peer.id, []);
  polite.set(peer.id, peer.polite);
  pending.set(peer.id, false);
  peer.connection.ondatachannel = ({ channel }) => use(peer, channel, false);
  for (const track of tracks) peer.connection.addTrack(track);
  if (query.has("connect")) connect(peer);
});
room.addEventListener("leave", ({ reason }) => seen.leaves.push(reason));
room.addEventListener("error", ({ error }) => seen.errors.push({ code: error.code, message: error.message, final: error.final }));

// What the test calls.
globalThis.page = {
  room, seen,
  get settled() { return room.peers.every(({ id, connection }) => !pending.get(id) && connection.signalingState === "stable"); },
  get states() { return room.peers.map(({ connection }) => connection.connectionState); },
  connect: () => room.peers.forEach(connect),
  renegotiate: () => room.peers.forEach(({ connection }) => connection.dispatchEvent(new Event("negotiationneeded"))),
  say: (lines) => {
    for (const list of channels.values()) for (const line of lines) list[0].send(line);
  },
  restart: () => room.peers.forEach(({ connection }) => connection.restartIce()),
  stop: () => room.peers.forEach(({ connection }) => connection.getTransceivers()[0].stop()),
  async play(on) {
    for (const { connection } of room.peers) for (const sender of connection.getSenders()) if (sender.track) connection.removeTrack(sender);
    for (const track of tracks.splice(0)) track.stop();
    if (!on) return;
    tracks.push(...(await navigator.mediaDevices.getUserMedia({ audio: true, video: true })).getTracks());
    for (const { connection } of room.peers) for (const track of tracks) connection.addTrack(track);
  },
  // arrived returns how much of a kind has come.
  async arrived(kind, what) {
    for (const { id: peer, connection } of room.peers) {
      for (const report of (await connection.getStats()).values()) {
        if (report.type !== "inbound-rtp" || report.kind !== kind) continue;
        const counter = `${peer} ${report.id}`, now = report[what] ?? 0, before = counted.get(counter) ?? 0;
        arrived[kind] = (arrived[kind] ?? 0) + (now < before ? now : now - before); // Firefox begins anew
        counted.set(counter, now);
      }
    }
    return arrived[kind] ?? 0;
  },
};

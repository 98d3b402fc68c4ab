// libdatachannel has an interface of its own, made here into the parts of RTCPeerConnection
// that page.cjs uses. It has no codecs: what it sends are packets with a constant payload.
"use strict";
const { PeerConnection, Video, Audio } = require("node-datachannel");

const clocks = { video: 90000, audio: 48000 };
const numbers = { video: 96, audio: 111 };
let tracks = 0;

class Connection {
  #pc = new PeerConnection("page", {
    iceServers: [],
    disableAutoNegotiation: true,
    forceMediaTransport: true, // else no media after a beginning with data alone
  });
  #channels = 0;
  #needed = false;
  #describing = []; // those who wait for a local description

  constructor() {
    this.#pc.onLocalDescription(() => this.#describing.shift()?.());
    this.#pc.onLocalCandidate((candidate, sdpMid) => this.onicecandidate({ candidate: { candidate, sdpMid } }));
    this.#pc.onStateChange((state) => { this.connectionState = state; this.onconnectionstatechange(); });
    this.#pc.onSignalingStateChange(() => this.#check());
    this.#pc.onDataChannel((channel) => this.ondatachannel({ channel: wrap(channel) }));
    this.#pc.onTrack((track) => this.ontrack({ track: received(track) }));
  }

  get signalingState() { return this.#pc.signalingState(); }
  get localDescription() { return this.#pc.localDescription(); }
  get remoteDescription() { return this.#pc.remoteDescription(); }
  async createOffer() { return { type: "offer" }; }
  async createAnswer() { return { type: "answer" }; }

  async setLocalDescription({ type }) {
    if (type === "rollback") {
      this.#needed = true;
      return this.#pc.setLocalDescription(type);
    }
    if (type === "offer") this.#needed = false;
    const described = new Promise((resolve) => { this.#describing.push(resolve); });
    try {
      this.#pc.setLocalDescription(type);
    } catch (err) {
      this.#describing.pop();
      throw err;
    }
    await described;
    this.#check();
  }

  async setRemoteDescription({ type, sdp }) { this.#pc.setRemoteDescription(sdp, type); }
  async addIceCandidate({ candidate, sdpMid }) { if (candidate) this.#pc.addRemoteCandidate(candidate, sdpMid ?? "0"); }
  restartIce() { this.#pc.restartIce(); } // which is not there
  close() { this.#pc.close(); }

  createDataChannel(label) {
    const channel = wrap(this.#pc.createDataChannel(label));
    if (this.#channels++ === 0) this.#need();
    return channel;
  }

  send(kind) {
    const mid = kind + ++tracks, ssrc = 1000 + tracks;
    const section = kind === "video" ? new Video(mid, "SendRecv") : new Audio(mid, "SendRecv");
    if (kind === "video") section.addVP8Codec(numbers.video);
    else section.addOpusCodec(numbers.audio);
    section.addSSRC(ssrc, "page", mid, mid);
    const track = this.#pc.addTrack(section);
    this.ontrack({ track: received(track) });
    let n = 0;
    setInterval(() => {
      if (!track.isOpen()) return;
      const packet = Buffer.alloc(12 + 40, 0x10);
      packet.writeUInt8(0x80, 0);
      packet.writeUInt8(0x80 | numbers[kind], 1);
      packet.writeUInt16BE(++n & 0xffff, 2);
      packet.writeUInt32BE(n * clocks[kind] / 50, 4);
      packet.writeUInt32BE(ssrc, 8);
      track.sendMessageBinary(packet);
    }, 20);
    this.#need();
  }

  #need() {
    this.#needed = true;
    this.#check();
  }

  // As in a browser: negotiationneeded waits until a description that is being set is set.
  #check() {
    setImmediate(() => {
      if (this.#needed && this.#describing.length === 0 && this.signalingState === "stable") this.onnegotiationneeded();
    });
  }
}

function wrap(channel) {
  const own = {
    label: channel.getLabel(),
    get readyState() { return channel.isOpen() ? "open" : "connecting"; },
    send: (text) => channel.sendMessage(text),
    onopen() {},
    onmessage() {},
  };
  channel.onOpen(() => own.onopen());
  channel.onMessage((data) => own.onmessage({ data }));
  return own;
}

const received = (track) => ({ kind: track.type(), onpacket: (heard) => track.onMessage(heard) });
const isRTP = (packet) => (packet[1] & 0x7f) < 64 || (packet[1] & 0x7f) > 95;

require("./page.cjs")({
  connection: () => new Connection(),
  send: (pc, kind) => pc.send(kind),
  watch({ track }, heard) {
    let said = false;
    track.onpacket((packet) => {
      if (!said && isRTP(packet)) { said = true; heard(track.kind); }
    });
  },
});

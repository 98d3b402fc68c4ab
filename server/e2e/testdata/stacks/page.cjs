// The W3C sample on another stack than a browser's: it takes its commands from standard
// input, one a line, and writes what happens to standard output, one JSON object a line.
// A stack gives:
//   connection()             a new RTCPeerConnection
//   send(pc, kind)           adds a track that sends
//   watch(event, heard)      calls heard(kind) when media of a received track arrive
//   gathersLate              a first offer must not be rolled back before a candidate is here
"use strict";
const WebSocket = require("ws");

const tell = (event, value = "") => console.log(JSON.stringify({ event, value: String(value) }));
const isOpen = (channel) => channel.readyState === "open";
const ufrag = (description) => description.sdp.match(/a=ice-ufrag:(.*)/)?.[1].trim();
const fingerprint = (description) => description?.sdp.match(/a=fingerprint:.*/)?.[0];

module.exports = function run(stack) {
  const url = process.argv[2];
  const polite = new URL(url).searchParams.get("role") === "polite";
  const socket = new WebSocket(url, "pn");
  const signaler = { send: (message) => socket.send(JSON.stringify(message)) };
  let call = null; // the current one
  let sending = []; // the kinds of our tracks
  let unsaid = [];

  function newCall() {
    const pc = stack.connection();
    const own = { pc, channels: [], makingOffer: false, ignoreOffer: false, rolledBack: false, needed: false, resends: false, making: Promise.resolve() };
    own.gathering = new Promise((resolve) => { own.gathers = resolve; });
    pc.ondatachannel = ({ channel }) => use(own, channel);
    pc.onicecandidate = ({ candidate }) => {
      own.gathers();
      if (own === call) signaler.send({ candidate: candidate ?? null });
    };
    pc.ontrack = (event) => {
      tell("track", event.track.kind);
      stack.watch(event, (kind) => tell("media", kind));
    };
    pc.onconnectionstatechange = () => tell("state", pc.connectionState);
    pc.onnegotiationneeded = () => {
      if (own.rolledBack) own.needed = true; // the offer that collided comes first
      else negotiate(own);
    };
    return own;
  }

  function use(own, channel) {
    own.channels.push(channel);
    let said = false;
    const opened = () => {
      if (!said) tell("open", channel.label);
      said = true;
      sayAll(channel);
    };
    channel.onopen = opened;
    channel.onmessage = ({ data }) => tell("received", data);
    if (isOpen(channel)) opened();
  }

  // What is said while no channel is open waits for the next.
  function sayAll(channel) {
    const lines = unsaid;
    unsaid = [];
    lines.forEach((line) => channel.send(line));
  }

  function negotiate(own) {
    own.making = own.making.then(async () => {
      const { pc } = own;
      if (own !== call || pc.signalingState !== "stable") return;
      try {
        own.makingOffer = true;
        await pc.setLocalDescription(await pc.createOffer());
        signaler.send({ description: { type: "offer", sdp: pc.localDescription.sdp } });
        tell("offer");
        release();
      } catch (err) {
        tell("error", "offer: " + err.message);
      } finally {
        own.makingOffer = false;
      }
    });
    return own.making;
  }

  // The sample's onmessage. A stack without implicit rollback is told to roll back.
  async function handle({ description, candidate, refused }) {
    if (refused) tell("refused", refused.message);
    if (description?.type === "offer") {
      const known = call && fingerprint(call.pc.remoteDescription);
      if (!call || (known && known !== fingerprint(description))) {
        call?.pc.close();
        call = newCall(); // from another connection than the last
        call.resends = sending.length > 0;
      }
    }
    if (!call) return;
    const own = call, { pc } = own;
    if (description) {
      const offerCollision = description.type === "offer" && (own.makingOffer || pc.signalingState !== "stable");
      own.ignoreOffer = !polite && offerCollision;
      if (own.ignoreOffer) return tell("ignored");
      if (offerCollision) {
        await own.making;
        if (stack.gathersLate && !pc.currentLocalDescription) await own.gathering;
        own.rolledBack = true;
        await pc.setLocalDescription({ type: "rollback", sdp: "" });
        tell("rollback");
      }
      await pc.setRemoteDescription(description);
      tell("ufrag", ufrag(description));
      if (description.type === "offer") {
        await pc.setLocalDescription(await pc.createAnswer());
        signaler.send({ description: { type: "answer", sdp: pc.localDescription.sdp } });
        tell("answer");
        own.rolledBack = false;
        if (own.resends) sending.forEach((kind) => stack.send(pc, kind));
        own.resends = false;
        if (own.needed) {
          own.needed = false;
          negotiate(own);
        }
      } else {
        tell("answered");
      }
    } else if (candidate) {
      try {
        await pc.addIceCandidate(candidate);
      } catch (err) {
        if (!own.ignoreOffer) throw err;
      }
    }
  }

  const commands = {
    call() {
      call ??= newCall();
      use(call, call.pc.createDataChannel("call"));
    },
    send(kind) {
      call ??= newCall();
      sending.push(kind);
      stack.send(call.pc, kind);
    },
    hold() {
      held = [];
      tell("holding");
    },
    renegotiate: () => negotiate(call),
    restart: () => call.pc.restartIce(),
    say(...words) {
      unsaid.push(words.join(" "));
      const open = call?.channels.find(isOpen);
      if (open) sayAll(open);
    },
    hang() {
      call.pc.close();
      call = null;
      sending = [];
    },
  };

  // After "hold", the next offer and what follows it wait until one of ours is sent: they collide.
  let held = null;
  const holds = ({ description }) => held && (held.length > 0 ||
    (description?.type === "offer" && !(call && (call.makingOffer || call.pc.signalingState !== "stable"))));
  function release() {
    const messages = held ?? [];
    held = null;
    messages.forEach(receive);
  }

  let last = Promise.resolve();
  const inOrder = (what, f) => { last = last.then(f).catch((err) => tell("error", what + ": " + err.message)); };
  socket.on("open", () => tell("joined"));
  socket.on("error", (err) => tell("error", "relay: " + err.message));
  socket.on("message", (data) => {
    const message = JSON.parse(data);
    if (holds(message)) held.push(message);
    else receive(message);
  });
  function receive(message) {
    inOrder(message.description?.type ?? "candidate", () => handle(message));
  }
  require("readline").createInterface({ input: process.stdin }).on("line", (line) => {
    const [name, ...words] = line.split(" ");
    try {
      commands[name](...words);
    } catch (err) {
      tell("error", name + ": " + err.message);
    }
  }).on("close", () => process.exit());
};

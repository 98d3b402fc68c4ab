// A page that knows nothing of us: the W3C perfect negotiation sample
// (https://www.w3.org/TR/webrtc/#perfect-negotiation-example) over the relay.
"use strict";
const query = new URLSearchParams(location.search);
const role = query.get("role");
const polite = role === "polite";
const events = { offers: 0, rollbacks: 0, ignored: 0, errors: [], received: [] };

const url = new URL("/ws", location.href);
url.protocol = url.protocol.replace("http", "ws");
url.search = new URLSearchParams({ room: query.get("room"), role });
const socket = new WebSocket(url);
const signaler = { send: (message) => socket.send(JSON.stringify(message)) };

const pc = new RTCPeerConnection();
let channel = null;
let makingOffer = false;
let ignoreOffer = false;
let isSettingRemoteAnswerPending = false;

function use(dc) {
  dc.onmessage = ({ data }) => events.received.push(data);
  dc.onopen = () => { channel ??= dc; };
}
pc.ondatachannel = ({ channel: dc }) => use(dc);
const connect = () => use(pc.createDataChannel("w3c"));
const play = async ({ data }) => {
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true, video: true });
  for (const track of stream.getTracks()) pc.addTrack(track, stream);
  if (data) connect();
};

pc.onnegotiationneeded = async () => {
  try {
    makingOffer = true;
    await pc.setLocalDescription();
    events.offers++;
    signaler.send({ description: pc.localDescription });
  } catch (err) {
    events.errors.push(String(err));
  } finally {
    makingOffer = false;
  }
};
// The sample has no such button: an offer though nothing needs one. Like
// negotiationneeded it must not come into the middle of an exchange.
let handling = 0;
const renegotiate = () => {
  if (handling === 0 && !makingOffer && pc.signalingState === "stable") pc.onnegotiationneeded();
};

// Not in the sample: a first offer must not be rolled back before Chromium knows
// its networks, or the connection never has a candidate.
const networks = new Promise((resolve) => pc.addEventListener("icecandidate", resolve, { once: true }));
const early = () => (makingOffer || pc.signalingState === "have-local-offer") && !pc.currentLocalDescription;

pc.onicecandidate = ({ candidate }) => signaler.send({ candidate });

socket.onmessage = async ({ data }) => {
  const { description, candidate } = JSON.parse(data);
  handling++;
  if (early()) await networks;
  try {
    if (description) {
      const readyForOffer = !makingOffer && (pc.signalingState === "stable" || isSettingRemoteAnswerPending);
      const offerCollision = description.type === "offer" && !readyForOffer;
      ignoreOffer = !polite && offerCollision;
      if (ignoreOffer) {
        events.ignored++;
        return;
      }
      if (offerCollision) events.rollbacks++;
      isSettingRemoteAnswerPending = description.type === "answer";
      await pc.setRemoteDescription(description);
      isSettingRemoteAnswerPending = false;
      if (description.type === "offer") {
        await pc.setLocalDescription();
        signaler.send({ description: pc.localDescription });
      }
    } else if (candidate) {
      try {
        await pc.addIceCandidate(candidate);
      } catch (err) {
        if (!ignoreOffer) throw err;
      }
    }
  } catch (err) {
    events.errors.push(String(err));
  } finally {
    handling--;
  }
};

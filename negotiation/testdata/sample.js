// The W3C perfect negotiation sample (https://www.w3.org/TR/webrtc/#perfect-negotiation-example)
// as it stands there, in a function of its own, and what a test asks of it.
(polite, signaler) => {
  "use strict";
  const errors = [];
  const pc = new RTCPeerConnection();

  let makingOffer = false;
  let ignoreOffer = false;
  let isSettingRemoteAnswerPending = false;

  pc.onnegotiationneeded = async () => {
    try {
      makingOffer = true;
      await pc.setLocalDescription();
      signaler.send({ description: pc.localDescription });
    } catch (err) {
      errors.push(`offer: ${err}`);
    } finally {
      makingOffer = false;
      look();
    }
  };

  pc.onicecandidate = ({ candidate }) => signaler.send({ candidate });

  signaler.onmessage = async ({ description, candidate }) => {
    handling++;
    try {
      if (description) {
        const readyForOffer = !makingOffer && (pc.signalingState === "stable" || isSettingRemoteAnswerPending);
        const offerCollision = description.type === "offer" && !readyForOffer;
        ignoreOffer = !polite && offerCollision;
        if (ignoreOffer) return;
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
      errors.push(`${description?.type ?? "candidate"}: ${err}`);
    } finally {
      handling--;
      look();
    }
  };

  // What follows is not in the sample.
  let handling = 0;
  let restarted = null; // the ufrag that a restart is to replace
  let waiting = []; // for all to be negotiated
  const ufrag = () => /^a=ice-ufrag:(.*)\r$/m.exec(pc.currentLocalDescription?.sdp)?.[1] ?? "";
  const complete = () =>
    !makingOffer && handling === 0 && pc.signalingState === "stable" && (restarted === null || restarted !== ufrag()) &&
    pc.getTransceivers().every((t) => t.currentDirection !== null);
  const look = () => {
    if (errors.length > 0 || complete()) for (const go of waiting.splice(0)) go();
  };
  pc.addEventListener("signalingstatechange", look);
  return {
    pc, ufrag,
    close: () => pc.close(),
    add: (n) => { while (n-- > 0) pc.addTransceiver("video"); },
    restart: () => { restarted = ufrag(); pc.restartIce(); },
    negotiated: async () => {
      do {
        if (errors.length === 0 && !complete()) await new Promise((go) => waiting.push(go));
        await pc.getStats(); // events that were due have fired then
        if (errors.length > 0) throw new Error(errors.join("; "));
      } while (!complete());
    },
    state: () => `${pc.signalingState}: ` + pc.getTransceivers().map((t) => `${t.mid} ${t.direction} ${t.currentDirection}`).join(", "),
  };
}

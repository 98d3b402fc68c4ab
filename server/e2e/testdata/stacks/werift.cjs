// werift has no codecs: what it sends are packets with a constant payload.
"use strict";
const { RTCPeerConnection, MediaStreamTrack, RtpPacket, RtpHeader } = require("werift");

require("./page.cjs")({
  connection: () => new RTCPeerConnection({ iceServers: [] }),
  send(pc, kind) {
    const track = new MediaStreamTrack({ kind });
    pc.addTrack(track);
    let sequenceNumber = 0;
    setInterval(() => {
      sequenceNumber = (sequenceNumber + 1) & 0xffff;
      const header = new RtpHeader({ sequenceNumber, timestamp: sequenceNumber * 960, marker: true, ssrc: 1, payloadType: 96 });
      track.writeRtp(new RtpPacket(header, Buffer.alloc(40, 0x10)));
    }, 20);
  },
  watch({ track }, heard) {
    const { unSubscribe } = track.onReceiveRtp.subscribe(() => { unSubscribe(); heard(track.kind); });
  },
});

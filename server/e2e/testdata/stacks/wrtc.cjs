// libwebrtc in Node.
"use strict";
const { RTCPeerConnection, MediaStream, nonstandard } = require("@roamhq/wrtc");

const width = 64, height = 48;
let frames = 0, samples = 0;
const sources = {
  video() {
    const source = new nonstandard.RTCVideoSource();
    setInterval(() => {
      const data = new Uint8ClampedArray(width * height * 3 / 2).fill(frames++ % 256);
      source.onFrame({ width, height, data });
    }, 50);
    return source.createTrack();
  },
  audio() {
    const source = new nonstandard.RTCAudioSource();
    setInterval(() => {
      const tone = Int16Array.from({ length: 480 }, () => 8000 * Math.sin(samples++ * 2 * Math.PI * 440 / 48000));
      source.onData({ samples: tone, sampleRate: 48000, bitsPerSample: 16, channelCount: 1, numberOfFrames: 480 });
    }, 10);
    return source.createTrack();
  },
};

require("./page.cjs")({
  gathersLate: true,
  connection: () => new RTCPeerConnection(),
  send: (pc, kind) => pc.addTrack(sources[kind](), new MediaStream()),
  // Decoded pictures, and sound that is not silence.
  watch({ track }, heard) {
    if (track.kind === "video") {
      const sink = new nonstandard.RTCVideoSink(track);
      sink.onframe = () => { sink.stop(); heard("video"); };
    } else {
      const sink = new nonstandard.RTCAudioSink(track);
      sink.ondata = ({ samples }) => {
        if (samples.some((s) => Math.abs(s) > 100)) { sink.stop(); heard("audio"); }
      };
    }
  },
});

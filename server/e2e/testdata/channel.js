// What sample.js takes for granted: a channel to the other side, who is polite,
// and somebody who reads the console.
"use strict";
const query = new URLSearchParams(location.search);
const polite = query.get("role") === "polite";
const errors = [];
console.error = (err) => errors.push(String(err));

// The sample names a STUN server, which nobody here is to ask for.
const withServers = RTCPeerConnection;
globalThis.RTCPeerConnection = function () { return new withServers(); };

class SignalingChannel {
  constructor() {
    const url = new URL("/ws" + location.search, location.href);
    url.protocol = url.protocol.replace("http", "ws");
    this.socket = new WebSocket(url);
    this.socket.onmessage = ({ data }) => this.onmessage({ data: JSON.parse(data) });
  }
  send(message) {
    this.socket.send(JSON.stringify(message));
  }
}

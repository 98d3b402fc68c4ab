# aiortc, as page.cjs is for the stacks in Node: the W3C sample, without a rollback, which
# aiortc has not, and without trickled candidates of its own, which it does not make.
import asyncio
import json
import sys
import urllib.parse

import aiortc
import websockets
from aiortc.contrib.media import MediaBlackhole
from aiortc.mediastreams import AudioStreamTrack, VideoStreamTrack
from aiortc.sdp import candidate_from_sdp


def tell(event, value=""):
    print(json.dumps({"event": event, "value": str(value)}), flush=True)


def first_line(description, start):
    lines = description.sdp.splitlines() if description else []
    return next((line for line in lines if line.startswith(start)), None)


def fingerprint(description):
    return first_line(description, "a=fingerprint:sha-256")


class Page:
    def __init__(self, url, socket):
        query = urllib.parse.parse_qs(urllib.parse.urlparse(url).query)
        self.polite = query["role"] == ["polite"]
        self.socket = socket
        self.pc = None
        self.channels = []
        self.making_offer = False
        self.ignore_offer = False
        self.held = None
        self.needed = False
        self.order = asyncio.Lock()

    def new_call(self):
        self.pc = pc = aiortc.RTCPeerConnection(aiortc.RTCConfiguration(iceServers=[]))
        self.channels = []

        @pc.on("datachannel")
        def on_datachannel(channel):
            self.use(channel)

        @pc.on("track")
        def on_track(track):
            tell("track", track.kind)
            asyncio.ensure_future(self.watch(track))

        @pc.on("connectionstatechange")
        def on_state():
            tell("state", pc.connectionState)

    def use(self, channel):
        self.channels.append(channel)
        channel.on("message", lambda data: tell("received", data))
        if channel.readyState == "open":
            tell("open", channel.label)
        else:
            channel.on("open", lambda: tell("open", channel.label))

    # Decoded pictures, and sound that is not silence.
    async def watch(self, track):
        try:
            while True:
                frame = await track.recv()
                if track.kind == "video" or any(abs(int(s)) > 100 for s in frame.to_ndarray().flat):
                    tell("media", track.kind)
                    break
            rest = MediaBlackhole()
            rest.addTrack(track)
            await rest.start()
        except aiortc.mediastreams.MediaStreamError:
            pass  # it has ended

    async def send(self, message):
        await self.socket.send(json.dumps(message))

    async def negotiate(self):
        pc = self.pc
        self.needed = pc.signalingState != "stable"
        if self.needed:
            return
        try:
            self.making_offer = True
            await pc.setLocalDescription(await pc.createOffer())
            await self.send({"description": {"type": "offer", "sdp": pc.localDescription.sdp}})
            tell("offer")
        finally:
            self.making_offer = False
        held, self.held = self.held or [], None
        for message in held:
            await self.receive(message)

    def holds(self, message):
        if self.held is None:
            return False
        description = message.get("description") or {}
        colliding = self.pc and (self.making_offer or self.pc.signalingState != "stable")
        return bool(self.held) or (description.get("type") == "offer" and not colliding)

    async def receive(self, message):
        description, candidate = message.get("description"), message.get("candidate")
        if message.get("refused"):
            tell("refused", message["refused"]["message"])
        if description:
            description = aiortc.RTCSessionDescription(**description)
            if description.type == "offer":
                known = self.pc and fingerprint(self.pc.remoteDescription)
                if not self.pc or (known and known != fingerprint(description)):
                    if self.pc:
                        await self.pc.close()
                    self.new_call()
            if not self.pc:
                return
            pc = self.pc
            collision = description.type == "offer" and (self.making_offer or pc.signalingState != "stable")
            self.ignore_offer = not self.polite and collision
            if self.ignore_offer:
                tell("ignored")
                return
            await pc.setRemoteDescription(description)
            tell("ufrag", first_line(description, "a=ice-ufrag:"))
            if description.type == "offer":
                await pc.setLocalDescription(await pc.createAnswer())
                await self.send({"description": {"type": "answer", "sdp": pc.localDescription.sdp}})
                tell("answer")
            else:
                tell("answered")
            if self.needed:
                await self.negotiate()
        elif candidate and candidate.get("candidate") and self.pc and not self.ignore_offer:
            parsed = candidate_from_sdp(candidate["candidate"].split(":", 1)[1])
            parsed.sdpMid, parsed.sdpMLineIndex = candidate.get("sdpMid"), candidate.get("sdpMLineIndex")
            await self.pc.addIceCandidate(parsed)

    async def do(self, name, words):
        if name in ("call", "send") and not self.pc:
            self.new_call()
        if name == "call":
            self.use(self.pc.createDataChannel("call"))
            await self.negotiate()
        elif name == "send":
            self.pc.addTrack(AudioTone() if words == "audio" else VideoStreamTrack())
            await self.negotiate()
        elif name == "renegotiate":
            await self.negotiate()
        elif name == "hold":
            self.held = []
            tell("holding")
        elif name == "restart":
            self.pc.restartIce()  # which is not there
        elif name == "say":
            next(c for c in self.channels if c.readyState == "open").send(words)
        elif name == "hang":
            await self.pc.close()
            self.pc = None

    async def in_order(self, what, work):
        async with self.order:
            try:
                await work
            except Exception as err:
                tell("error", f"{what}: {err!r}")


# AudioTone is not silent, as a tone is not.
class AudioTone(AudioStreamTrack):
    async def recv(self):
        frame = await super().recv()
        for plane in frame.planes:
            plane.update(bytes(range(256)) * (plane.buffer_size // 256) + bytes(plane.buffer_size % 256))
        return frame


async def main(url):
    async with websockets.connect(url, subprotocols=["pn"]) as socket:
        page = Page(url, socket)
        tell("joined")
        reader = asyncio.StreamReader()
        await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)

        async def commands():
            while line := await reader.readline():
                name, _, words = line.decode().strip().partition(" ")
                asyncio.ensure_future(page.in_order(name, page.do(name, words)))

        async def messages():
            async for data in socket:
                message = json.loads(data)
                if page.holds(message):
                    page.held.append(message)
                else:
                    what = (message.get("description") or {}).get("type", "candidate")
                    asyncio.ensure_future(page.in_order(what, page.receive(message)))

        await asyncio.wait([asyncio.ensure_future(commands()), asyncio.ensure_future(messages())],
                           return_when=asyncio.FIRST_COMPLETED)


asyncio.run(main(sys.argv[1]))

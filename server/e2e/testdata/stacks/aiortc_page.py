# aiortc, which has no rollback, fires no negotiationneeded and trickles no candidates.
import asyncio

import aiortc
from aiortc.contrib.media import MediaBlackhole
from aiortc.mediastreams import AudioStreamTrack, VideoStreamTrack
from aiortc.sdp import candidate_from_sdp

import page
from page import tell


class Connection:
    def __init__(self, its_page):
        self.page = its_page
        self.pc = pc = aiortc.RTCPeerConnection(aiortc.RTCConfiguration(iceServers=[]))

        @pc.on("datachannel")
        def on_datachannel(channel):
            its_page.use(Channel(its_page, channel))

        @pc.on("track")
        def on_track(track):
            tell("track", track.kind)
            asyncio.ensure_future(watch(track))

        @pc.on("connectionstatechange")
        def on_state():
            tell("state", pc.connectionState)

    @property
    def signaling_state(self):
        return self.pc.signalingState

    @property
    def remote(self):
        return self.pc.remoteDescription and self.pc.remoteDescription.sdp

    async def offer(self):
        await self.pc.setLocalDescription(await self.pc.createOffer())
        return self.pc.localDescription.sdp

    async def answer(self, sdp):
        await self.pc.setRemoteDescription(aiortc.RTCSessionDescription(sdp, "offer"))
        await self.pc.setLocalDescription(await self.pc.createAnswer())
        return self.pc.localDescription.sdp

    async def answered(self, sdp):
        await self.pc.setRemoteDescription(aiortc.RTCSessionDescription(sdp, "answer"))

    async def rollback(self):
        pass  # so the offer will be refused

    async def candidate(self, init):
        parsed = candidate_from_sdp(init["candidate"].split(":", 1)[1])
        parsed.sdpMid, parsed.sdpMLineIndex = init.get("sdpMid"), init.get("sdpMLineIndex")
        await self.pc.addIceCandidate(parsed)

    def channel(self, label):
        self.page.needs(self)
        return Channel(self.page, self.pc.createDataChannel(label))

    def send(self, kind):
        self.pc.addTrack(AudioTone() if kind == "audio" else VideoStreamTrack())
        self.page.needs(self)

    async def restart(self):
        self.pc.restartIce()  # which is not there

    async def close(self):
        await self.pc.close()


class Channel:
    def __init__(self, its_page, channel):
        self.channel, self.label, self.say = channel, channel.label, channel.send
        channel.on("message", lambda data: tell("received", data))
        channel.on("open", lambda: its_page.opened(self))

    @property
    def is_open(self):
        return self.channel.readyState == "open"


# Decoded pictures, and sound that is not silence.
async def watch(track):
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


# AudioTone is not silent, as a tone is not.
class AudioTone(AudioStreamTrack):
    async def recv(self):
        frame = await super().recv()
        for plane in frame.planes:
            plane.update(bytes(range(256)) * (plane.buffer_size // 256) + bytes(plane.buffer_size % 256))
        return frame


page.run(Connection)

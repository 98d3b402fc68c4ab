# GStreamer's webrtcbin. Each call has a pipeline of its own.
import asyncio

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstSdp", "1.0")
gi.require_version("GstWebRTC", "1.0")
from gi.repository import Gst, GstSdp, GstWebRTC

import page
from page import first_line, tell

Gst.init(None)

SENDING = {
    "video": "videotestsrc is-live=true ! video/x-raw,width=64,height=48,framerate=20/1 ! vp8enc deadline=1 ! rtpvp8pay",
    "audio": "audiotestsrc is-live=true ! opusenc ! rtpopuspay",
}
FORMATS = {
    "video": "application/x-rtp,media=video,encoding-name=VP8,clock-rate=90000,payload=96",
    "audio": "application/x-rtp,media=audio,encoding-name=OPUS,clock-rate=48000,payload=97",
}
RECEIVING = {"VP8": "rtpvp8depay ! vp8dec", "OPUS": "rtpopusdepay ! opusdec"}


class Connection:
    def __init__(self, its_page):
        self.page = its_page
        self.loop = asyncio.get_running_loop()
        self.local = self.remote = None  # SDP
        self.pipeline = Gst.Pipeline()
        self.bin = bin = Gst.ElementFactory.make("webrtcbin")
        bin.set_property("bundle-policy", GstWebRTC.WebRTCBundlePolicy.MAX_BUNDLE)
        self.pipeline.add(bin)
        # These are called on threads of GStreamer. There is on-negotiation-needed, too, but it
        # comes when there is nothing to offer, and then no more.
        bin.connect("on-ice-candidate", lambda _, index, text: self.later(
            its_page.trickles, self, {"candidate": text, "sdpMLineIndex": index}))
        bin.connect("on-data-channel", lambda _, channel: self.later(its_page.use, Channel(self, channel)))
        bin.connect("pad-added", lambda _, pad: self.receive(pad))
        bin.connect("notify::connection-state", lambda *_: tell("state", bin.get_property("connection-state").value_nick))
        self.pipeline.set_state(Gst.State.PLAYING)

    def later(self, f, *args):
        self.loop.call_soon_threadsafe(f, *args)

    @property
    def signaling_state(self):
        return self.bin.get_property("signaling-state").value_nick

    # ask emits a signal and waits for the reply, of which it returns the SDP, if there is one.
    async def ask(self, signal, *args):
        result = self.loop.create_future()
        kind = signal.removeprefix("create-")

        def replied(promise, *_):
            reply = promise.get_reply()  # only here: it belongs to the promise
            if reply and reply.has_field("error"):
                self.later(result.set_exception, RuntimeError(reply.get_value("error").message))
            elif reply and reply.has_field(kind):
                self.later(result.set_result, reply.get_value(kind).sdp.as_text())
            else:
                self.later(result.set_result, None)

        self.bin.emit(signal, *args, Gst.Promise.new_with_change_func(replied))
        return await result

    async def set(self, where, kind, sdp):
        _, message = GstSdp.SDPMessage.new_from_text(sdp)
        await self.ask(f"set-{where}-description", GstWebRTC.WebRTCSessionDescription.new(kind, message))
        setattr(self, where, sdp)

    async def offer(self):
        sdp = await self.ask("create-offer", None)
        await self.set("local", GstWebRTC.WebRTCSDPType.OFFER, sdp)
        return sdp

    async def answer(self, sdp):
        await self.set("remote", GstWebRTC.WebRTCSDPType.OFFER, sdp)
        answer = await self.ask("create-answer", None)
        await self.set("local", GstWebRTC.WebRTCSDPType.ANSWER, answer)
        return answer

    async def answered(self, sdp):
        await self.set("remote", GstWebRTC.WebRTCSDPType.ANSWER, sdp)

    async def rollback(self):
        await self.set("local", GstWebRTC.WebRTCSDPType.ROLLBACK, "v=0\r\n")
        tell("rollback")

    async def candidate(self, init):
        self.bin.emit("add-ice-candidate", init.get("sdpMLineIndex") or 0, init["candidate"])

    def channel(self, label):
        self.page.needs(self)
        return Channel(self, self.bin.emit("create-data-channel", label, None))

    def send(self, kind):
        source = Gst.parse_bin_from_description(f"{SENDING[kind]} ! capsfilter caps={FORMATS[kind]}", True)
        self.pipeline.add(source)
        pad = self.bin.request_pad_simple("sink_%u")
        pad.get_property("transceiver").set_property("codec-preferences", Gst.Caps(FORMATS[kind]))
        source.get_static_pad("src").link(pad)
        source.sync_state_with_parent()
        self.page.needs(self)

    def receive(self, pad):
        if pad.direction != Gst.PadDirection.SRC:
            return
        format = pad.get_current_caps().get_structure(0)
        kind, codec = format.get_string("media"), format.get_string("encoding-name")
        tell("track", kind)
        sink = Gst.parse_bin_from_description(RECEIVING[codec] + " ! fakesink name=sink signal-handoffs=true sync=false", True)
        said = []

        # Decoded pictures, and sound that is not silence.
        def handed(_, buffer, *rest):
            if not said and any(buffer.extract_dup(0, buffer.get_size())):
                said.append(kind)
                tell("media", kind)

        sink.get_by_name("sink").connect("handoff", handed)
        self.pipeline.add(sink)
        sink.sync_state_with_parent()
        pad.link(sink.get_static_pad("sink"))

    async def restart(self):
        sdp = await self.ask("create-offer", Gst.Structure.new_from_string("options, ice-restart=(boolean)true"))
        if first_line(sdp, "a=ice-ufrag:") == first_line(self.local, "a=ice-ufrag:"):
            raise RuntimeError("an offer that restarts ICE has the credentials from before")
        self.page.needs(self)

    async def close(self):
        await asyncio.to_thread(self.pipeline.set_state, Gst.State.NULL)


class Channel:
    def __init__(self, connection, channel):
        self.channel = channel
        self.label = channel.get_property("label")
        channel.connect("on-message-string", lambda _, text: tell("received", text))
        channel.connect("on-open", lambda _: connection.later(connection.page.opened, self))

    @property
    def is_open(self):
        return self.channel.get_property("ready-state") == GstWebRTC.WebRTCDataChannelState.OPEN

    def say(self, text):
        self.channel.emit("send-string", text)


page.run(Connection)

# The W3C sample for stacks in Python, as page.cjs is for those in Node: it takes its
# commands from standard input, one a line, and writes what happens to standard output, one
# JSON object a line. A stack gives a class of connections, made with their Page, with
#   signaling_state, remote    the name of the state, and the SDP of the remote description or None
#   async offer()              makes an offer, sets it and returns its SDP
#   async answer(sdp)          sets an offer, and the answer to it, and returns the answer's SDP
#   async answered(sdp)        sets an answer
#   async rollback()           takes our offer back
#   async candidate(init)      adds a remote candidate
#   channel(label), send(kind) create a data channel, and a track that sends
#   async restart(), close()
# and of channels with label, is_open and say(text). It calls the Page's methods use,
# opened, needs and trickles on the thread of asyncio, and tell.
import asyncio
import json
import sys
import urllib.parse

import websockets


# tell may be called on any thread: what print writes at once would not stay together.
def tell(event, value=""):
    sys.stdout.write(json.dumps({"event": event, "value": str(value)}) + "\n")
    sys.stdout.flush()


def first_line(sdp, start):
    return next((line for line in (sdp or "").splitlines() if line.startswith(start)), None)


def fingerprint(sdp):
    return first_line(sdp, "a=fingerprint:sha-256")


class Page:
    def __init__(self, url, socket, connect):
        query = urllib.parse.parse_qs(urllib.parse.urlparse(url).query)
        self.polite = query["role"] == ["polite"]
        self.socket = socket
        self.connect = connect
        self.call = None
        self.channels, self.told = [], []  # and those that were told to be open
        self.unsaid = []
        self.making_offer = False
        self.ignore_offer = False
        self.held = None
        self.needed = self.will_negotiate = False
        self.order = asyncio.Lock()

    def new_call(self):
        self.channels, self.told, self.needed = [], [], False
        self.call = self.connect(self)

    def use(self, channel):
        self.channels.append(channel)
        if channel.is_open:
            self.opened(channel)

    def opened(self, channel):
        if channel not in self.told:
            self.told.append(channel)
            tell("open", channel.label)
            self.say_all(channel)

    # What is said while no channel is open waits for the next.
    def say_all(self, channel):
        unsaid, self.unsaid = self.unsaid, []
        for words in unsaid:
            channel.say(words)

    async def send(self, message):
        await self.socket.send(json.dumps(message))

    # As in a browser, all that is added at once is one need.
    def needs(self, call):
        if call is self.call and not self.will_negotiate:
            self.will_negotiate = True
            asyncio.ensure_future(self.in_order("offer", self.negotiate()))

    def trickles(self, call, candidate):
        if call is self.call:
            asyncio.ensure_future(self.send({"candidate": candidate}))

    async def negotiate(self):
        self.will_negotiate = False
        if not self.call:
            return
        self.needed = self.call.signaling_state != "stable"
        if self.needed:
            return
        try:
            self.making_offer = True
            sdp = await self.call.offer()
            await self.send({"description": {"type": "offer", "sdp": sdp}})
            tell("offer")
        finally:
            self.making_offer = False
        held, self.held = self.held or [], None
        for message in held:
            await self.receive(message)

    # After "hold", the next offer and what follows it wait until one of ours is sent.
    def holds(self, message):
        if self.held is None:
            return False
        description = message.get("description") or {}
        colliding = self.call and (self.making_offer or self.call.signaling_state != "stable")
        return bool(self.held) or (description.get("type") == "offer" and not colliding)

    async def receive(self, message):
        description, candidate = message.get("description"), message.get("candidate")
        if message.get("refused"):
            tell("refused", message["refused"]["message"])
        if description:
            await self.describe(description["type"], description["sdp"])
        elif candidate and candidate.get("candidate") and self.call and not self.ignore_offer:
            await self.call.candidate(candidate)

    async def describe(self, kind, sdp):
        if kind == "offer":
            known = self.call and fingerprint(self.call.remote)
            if not self.call or (known and known != fingerprint(sdp)):
                if self.call:
                    await self.call.close()
                self.new_call()
        if not self.call:
            return
        call = self.call
        collision = kind == "offer" and (self.making_offer or call.signaling_state != "stable")
        self.ignore_offer = not self.polite and collision
        if self.ignore_offer:
            tell("ignored")
            return
        if collision:
            await call.rollback()
            self.needed = True
        if kind == "offer":
            answer = await call.answer(sdp)
            await self.send({"description": {"type": "answer", "sdp": answer}})
            tell("answer")
        else:
            await call.answered(sdp)
            tell("answered")
        tell("ufrag", first_line(sdp, "a=ice-ufrag:"))
        if self.needed:
            await self.negotiate()

    async def do(self, name, words):
        if name in ("call", "send") and not self.call:
            self.new_call()
        if name == "call":
            self.use(self.call.channel("call"))
        elif name == "send":
            self.call.send(words)
        elif name == "renegotiate":
            await self.negotiate()
        elif name == "hold":
            self.held = []
            tell("holding")
        elif name == "restart":
            await self.call.restart()
        elif name == "say":
            self.unsaid.append(words)
            for channel in [c for c in self.channels if c.is_open][:1]:
                self.say_all(channel)
        elif name == "hang":
            await self.call.close()
            self.call = None

    async def in_order(self, what, work):
        async with self.order:
            try:
                await work
            except Exception as err:
                tell("error", f"{what}: {err!r}")


async def main(url, connect):
    async with websockets.connect(url, subprotocols=["pn"]) as socket:
        page = Page(url, socket, connect)
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


def run(connect):
    asyncio.run(main(sys.argv[1], connect))

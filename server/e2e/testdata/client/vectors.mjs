// Plays a conversation of package link to an end in JavaScript, as the package's own test
// does, and returns it with the end's outputs.
const { End } = await import(`${new URLSearchParams(location.search).get("server")}/client/link.mjs`);

globalThis.play = (conversation) => {
  const out = [];
  let sessions = 0;
  const end = new End(() => `a${++sessions}`, {});
  const say = (what, words = "") => out.push(`${what} ${words}`.trim());
  const inputs = {
    begin() {},
    "<"(words) {
      const frame = JSON.parse(words);
      const { bound, delivered, dropped } = end.receive(frame, true);
      if (bound) say("+", "bound");
      if (dropped) say("-", dropped);
      if (delivered) say("=", frame.description);
    },
    send(words) {
      try {
        end.send({ description: words });
      } catch (error) {
        say("-", error.message);
      }
    },
    again: () => end.again(),
    acknowledge: () => end.acknowledge(),
    renew: () => end.renew(),
  };
  for (const line of conversation.trimEnd().split("\n")) {
    const [, what, words] = /^(\S*) ?(.*)$/.exec(line);
    if (">=+-".includes(what)) continue; // an output
    say(what, words);
    if (!inputs[what]) continue; // a comment
    inputs[what](words);
    for (const frame of end.frames()) say(">", JSON.stringify(frame));
  }
  return `${out.join("\n")}\n`;
};

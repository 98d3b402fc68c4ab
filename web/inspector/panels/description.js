// What a description says, section by section, and how it differs from another one of the
// same side. SDP comes from the other side, too: all of it is text, and bounded.

/**
 * A section of a description: that of the session, or of a medium.
 * @typedef {object} Section
 * @property {string} name "session", or kind and mid: "video p1", "data 0"
 * @property {string} kind "session", "audio", "video", "data" or what it says
 * @property {string} mid
 * @property {boolean} rejected it is, or was taken away
 * @property {string} direction "" where there is none
 * @property {string[]} codecs their names, without those that only repair others
 * @property {string} ufrag
 * @property {string} fingerprint
 * @property {string} track of a=msid
 * @property {number} candidates how many
 * @property {string[]} lines
 */

/**
 * A section beside what it was before.
 * @typedef {object} Change
 * @property {string} name
 * @property {?Section} section as it is; null: it is gone
 * @property {"same"|"changed"|"added"|"removed"} change
 * @property {{op: "="|"+"|"-", text: string}[]} lines
 */

const maxLines = 4000;
const maxLine = 1000; // characters
const maxCells = 250_000; // of the table in which equal lines are found
const maxWords = 12;

const repairs = new Set(["rtx", "red", "ulpfec", "flexfec-03", "telephone-event", "CN"]);

const cut = (line) => (line.length > maxLine ? `${line.slice(0, maxLine)}…` : line);

/** Returns the sections of a description, the session's first. @param {string} sdp @returns {Section[]} */
export function sections(sdp) {
  const lines = sdp.split(/\r\n|\r|\n/, maxLines).filter(Boolean).map(cut);
  const parts = [[]];
  for (const line of lines) {
    if (line.startsWith("m=")) parts.push([]);
    parts.at(-1).push(line);
  }
  const session = read(parts[0], null);
  return [session, ...parts.slice(1).map((part) => read(part, session))];
}

// read reads a section; what it does not say the session may have said for all.
function read(lines, session) {
  const values = (name) => lines.filter((line) => line.startsWith(`a=${name}:`)).map((line) => line.slice(name.length + 3));
  const value = (name) => values(name)[0] ?? "";
  const [medium = "", port = "", , ...formats] = session ? lines[0].slice(2).split(" ") : [];
  const kind = session ? (medium === "application" ? "data" : medium) : "session";
  const mid = value("mid");
  const direction = (all) => all.find((line) => /^a=(sendrecv|sendonly|recvonly|inactive)$/.test(line))?.slice(2);
  const names = new Map(values("rtpmap").map((map) => map.split(/[ /]/, 2)));
  return {
    name: `${kind} ${mid}`.trim(),
    kind,
    mid,
    rejected: port === "0" && !lines.includes("a=bundle-only"),
    direction: kind === "audio" || kind === "video" ? direction(lines) ?? direction(session.lines) ?? "sendrecv" : "",
    codecs: [...new Set(formats.map((format) => names.get(format)).filter((name) => name && !repairs.has(name)))],
    ufrag: value("ice-ufrag") || (session?.ufrag ?? ""),
    fingerprint: value("fingerprint") || (session?.fingerprint ?? ""),
    track: value("msid"),
    candidates: values("candidate").length,
    lines,
  };
}

/**
 * Compares two descriptions of one side, line by line. A section stays where it is, so it
 * is the same if its place and its mid are.
 * @param {string} a the one before; "": none
 * @param {string} b
 * @returns {Change[]}
 */
export function diff(a, b) {
  return beside(a, b).map(([before, after]) => {
    const lines = compare(before?.lines ?? [], after?.lines ?? []);
    const change = !before ? "added" : !after ? "removed" : lines.every(({ op }) => op === "=") ? "same" : "changed";
    return { name: (after ?? before).name, section: after, change, lines };
  });
}

// beside returns each section with what it was before, either of which may be null.
function beside(a, b) {
  const before = a ? sections(a) : [];
  const after = sections(b);
  return Array.from({ length: Math.max(before.length, after.length) }).flatMap((_, i) => {
    const was = before[i] ?? null;
    const is = after[i] ?? null;
    return was && is && was.name !== is.name ? [[was, null], [null, is]] : [[was, is]];
  });
}

// compare marks the lines that only one of two lists has. It finds the longest row of
// lines that both have, if that is not too much work.
function compare(a, b) {
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start++;
  let end = 0;
  while (end < a.length - start && end < b.length - start && a.at(-1 - end) === b.at(-1 - end)) end++;
  const same = (text) => ({ op: "=", text });
  return [
    ...a.slice(0, start).map(same),
    ...middle(a.slice(start, a.length - end), b.slice(start, b.length - end)),
    ...a.slice(a.length - end).map(same),
  ];
}

function middle(a, b) {
  const width = b.length + 1;
  const found = [];
  let i = 0;
  let j = 0;
  if (a.length * b.length <= maxCells) {
    const longest = new Uint16Array((a.length + 1) * width); // from here to both ends
    for (let y = a.length - 1; y >= 0; y--) {
      for (let x = b.length - 1; x >= 0; x--) {
        longest[y * width + x] = a[y] === b[x] ? longest[(y + 1) * width + x + 1] + 1 : Math.max(longest[(y + 1) * width + x], longest[y * width + x + 1]);
      }
    }
    while (i < a.length && j < b.length) {
      if (a[i] === b[j]) found.push({ op: "=", text: a[i] }), i++, j++;
      else if (longest[(i + 1) * width + j] >= longest[i * width + j + 1]) found.push({ op: "-", text: a[i++] });
      else found.push({ op: "+", text: b[j++] });
    }
  }
  return [...found, ...a.slice(i).map((text) => ({ op: "-", text })), ...b.slice(j).map((text) => ({ op: "+", text }))];
}

/**
 * Says in a few words how a description differs from one before of the same side:
 * ["+video p1 sendonly", "restart", "-audio 0"]. None: it negotiates the same again.
 * @param {string} a the one before; "": none
 * @param {string} b
 * @returns {string[]}
 */
export function inWords(a, b) {
  const words = new Set();
  let candidates = 0;
  for (const [was, is] of beside(a, b)) {
    if ((is ?? was).kind === "session") continue;
    candidates += (is?.candidates ?? 0) - (was?.candidates ?? 0);
    if (was && is && !was.rejected && !is.rejected) {
      if (was.ufrag !== is.ufrag) words.add("restart");
      if (was.fingerprint !== is.fingerprint) words.add("another certificate");
      for (const word of changes(was, is)) words.add(word);
    } else if (is && !is.rejected) {
      words.add(`+${is.name} ${is.direction}`.trim());
    } else if (was && !was.rejected) {
      words.add(`-${was.name}`);
    } else if (is && !was) {
      words.add(`${is.name} rejected`);
    }
  }
  if (candidates > 0 && a && !words.size) words.add(candidates === 1 ? "+1 candidate" : `+${candidates} candidates`);
  const all = [...words].map(cut);
  return all.length > maxWords ? [...all.slice(0, maxWords - 1), `and ${all.length - maxWords + 1} more`] : all;
}

// What changes by itself, or is told in other words.
const aside = /^(m=|c=|a=(setup|rtcp|candidate|end-of-candidates|ice-ufrag|ice-pwd|fingerprint|msid|ssrc|ssrc-group|sendrecv|sendonly|recvonly|inactive)\b)/;

function changes(was, is) {
  const words = [];
  if (was.direction !== is.direction) words.push(`${was.direction} → ${is.direction}`);
  words.push(...is.codecs.filter((name) => !was.codecs.includes(name)).map((name) => `+${name}`));
  words.push(...was.codecs.filter((name) => !is.codecs.includes(name)).map((name) => `-${name}`));
  if (was.track && is.track && was.track !== is.track) words.push("another track");
  const essence = (section) => section.lines.filter((line) => !aside.test(line)).join("\n");
  if (!words.length && essence(was) !== essence(is)) words.push("other attributes");
  return words.length ? [`${is.name} ${words.slice(0, 6).join(" ")}`] : [];
}

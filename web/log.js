// The log and the chat: what the program tells, a line for each event. It gives many
// events at once, at most once a frame.
"use strict";
(() => {
  const maxLines = 1000;
  const maxChat = 200;
  const perFrame = 200; // lines, so that a frame is not late
  const byId = (id) => document.getElementById(id);

  // follow keeps a list at its newest entry, unless the reader has scrolled up from it.
  // Lines that come or are trimmed also move the list, so only a move upwards counts.
  function follow(list, changed = () => {}) {
    let atEnd = true;
    let pending = false;
    let top = 0;
    list.style.overflowAnchor = "none";

    function newest() {
      pending = false;
      if (atEnd) list.scrollTop = list.scrollHeight;
      top = list.scrollTop;
    }
    function schedule() {
      if (!pending) requestAnimationFrame(newest);
      pending = true;
    }
    list.addEventListener("scroll", () => {
      if (list.scrollHeight - list.scrollTop - list.clientHeight < 8) atEnd = true;
      else if (list.scrollTop < top) atEnd = false;
      top = list.scrollTop;
      list.style.overflowAnchor = atEnd ? "none" : "auto";
      changed(atEnd);
    });
    new MutationObserver(schedule).observe(list, { childList: true });
    new ResizeObserver(schedule).observe(list);
  }

  // shortID is ShortID of package peer.
  const shortID = (id) => id?.slice(0, 10).replace(/^(.{5})(.{5})$/, "$1-$2");

  function create(tag, className, ...content) {
    const e = document.createElement(tag);
    if (className) e.className = className;
    e.append(...content);
    return e;
  }

  // read reads an event, as logView of the program writes it.
  function read(line) {
    const [level, kind, n, time, peer, side, by, text, chat] = line.split("\x1f");
    return { level, kind, n, time, peer, side, by, text, chat };
  }

  // row is an event in the log. What people write has a direction of its own.
  function row({ level, kind, n, time, peer, side, by, text, chat }) {
    const words = create("span", "text", text);
    words.dir = "auto";
    if (chat !== undefined) words.append(create("bdi", "", chat));
    const e = create("div", "line", create("time", "", time), " ", create("span", "level", level.toUpperCase()), " ");
    if (by) e.append(create("span", "other", by), " ");
    e.append(words);
    Object.assign(e.dataset, { level, kind, n }, peer && { peer }, side && { side });
    return e;
  }

  // message is an event in the chat; null: it is not about chat.
  function message({ kind, peer, side, chat }) {
    if (chat === undefined || side === "right") return null; // its own chat is the log
    const sent = kind === "chat-sent";
    const other = shortID(peer);
    const by = sent ? (other ? `You to ${other}` : "You") : other || "Peer";
    const text = create("span", "", chat);
    text.dir = "auto";
    return create("p", sent ? "sent" : "received", create("small", "", by), text);
  }

  // list appends to an element, and keeps the newest.
  function list(element, most) {
    let count = 0;
    return (items) => {
      items = items.slice(-most);
      element.append(...items);
      for (count += items.length; count > most; count--) element.firstElementChild.remove();
    };
  }

  const log = byId("log");
  const chat = byId("chat");
  const addToLog = list(log, maxLines);
  const addToChat = list(chat, maxChat);
  let waiting = []; // events that are not drawn
  let scheduled = false;

  function draw() {
    scheduled = false;
    const events = document.hidden ? waiting : waiting.slice(0, perFrame);
    waiting = waiting.slice(events.length);
    addToLog(events.map(row));
    const messages = events.map(message).filter(Boolean);
    if (messages.length) addToChat(messages);
    const drawer = byId("chat-drawer");
    const received = messages.filter((m) => m.className === "received").length;
    if (received && !drawer.open) drawer.dataset.new = Number(drawer.dataset.new ?? 0) + received;
    if (!waiting.length) return;
    scheduled = true;
    requestAnimationFrame(draw);
  }

  globalThis.logView = {
    add(text) {
      for (const line of text.split("\x1e")) waiting.push(read(line));
      if (!scheduled || document.hidden) draw();
    },
  };

  const newest = byId("newest");
  follow(log, (atEnd) => { newest.hidden = atEnd; });
  follow(chat);
  newest.addEventListener("click", () => {
    log.scrollTop = log.scrollHeight;
    log.focus();
  });
})();

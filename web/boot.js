// What the page does by itself: the landing form, the link to share, the
// drawers, and loading the WASM. The negotiation is in Go.
"use strict";
(() => {
  const { view, room, maxRoom, root, wasm, wasmSize } = document.documentElement.dataset;
  const address = (path) => new URL(root + path, location.href).href;
  const byId = (id) => document.getElementById(id);
  let stopped = false;

  // notice says what went wrong and offers a way on; nothing replaces the news that the program has stopped.
  function notice(text, label = "", action = null) {
    if (stopped) return;
    const button = byId("notice-action");
    byId("notice-text").textContent = text;
    button.textContent = label;
    button.hidden = !label;
    button.onclick = action;
    byId("notice").hidden = false;
  }

  const reload = () => location.reload();

  // --- The token ---

  // takeToken takes a room token out of the address, #token=T, where it would be seen and
  // passed on, and keeps it for as long as the tab lives. The program reads roomToken at
  // each connect.
  function takeToken() {
    const name = `token ${location.pathname}`;
    const [, token] = /^#token=([\w.-]{0,4096})/.exec(location.hash) ?? []; // without what a mail has put after it
    if (token !== undefined) history.replaceState(history.state, "", location.pathname + location.search);
    try {
      if (token) sessionStorage.setItem(name, token);
      globalThis.roomToken = token ?? sessionStorage.getItem(name) ?? "";
    } catch { // storage is forbidden: a reload forgets it
      globalThis.roomToken = token ?? globalThis.roomToken ?? "";
    }
  }
  takeToken();
  addEventListener("hashchange", takeToken); // a newer link in the same tab

  function fail(text, label, action) {
    byId("progress").hidden = true;
    notice(text, label, action);
  }

  // A tab from the back/forward cache has lost its sockets and peer connections.
  addEventListener("pageshow", (event) => {
    if (event.persisted) reload();
  });
  addEventListener("error", (event) => {
    if (event.message.startsWith("ResizeObserver loop")) return; // a layout takes another frame
    if (event.filename.startsWith(location.origin)) notice(`Something went wrong in the page: ${event.message}`, "Reload", reload);
  });
  addEventListener("unhandledrejection", (event) => {
    notice(`Something went wrong in the page: ${event.reason?.message ?? event.reason}`, "Reload", reload);
  });

  // --- The link to share ---

  const roomLink = (name) => address(`r/${encodeURIComponent(name)}`);

  function setupShare() {
    const share = byId("share");
    if (!share) return;
    const copy = byId("copy");
    byId("share-note").hidden = !/^((.+\.)?localhost|127(\.\d+){3}|\[::1\])$/.test(location.hostname);
    if (roomToken) {
      byId("share-note").textContent = "Others need a token, too: pass on the link that you were given.";
      byId("share-note").hidden = false;
    }
    share.addEventListener("focus", () => share.select());
    let timer;
    copy.addEventListener("click", async () => {
      const copied = await copyText(share);
      copy.textContent = copied ? "Copied" : "Selected";
      byId("said").textContent = copied ? "The link is copied" : "The link is selected";
      if (copied) copy.focus();
      clearTimeout(timer);
      timer = setTimeout(() => { copy.textContent = "Copy"; byId("said").textContent = ""; }, 2000);
    });
    if (view === "room") share.value = roomLink(room);
    for (const link of document.querySelectorAll("a[data-share]")) link.href = roomLink(room);
    if (view === "polite") share.value = address("impolite");
    if (view === "impolite") share.value = address("polite");
  }

  // copyText reports whether the text is on the clipboard; it is selected in any case.
  // Over plain http there is no navigator.clipboard, but the old command still works.
  async function copyText(input) {
    input.focus();
    input.select();
    try {
      await navigator.clipboard.writeText(input.value);
      return true;
    } catch {
      return document.execCommand("copy");
    }
  }

  // --- The landing page ---

  const qualities = "amber brave brisk calm clear clever cosy deft eager fair fleet fond gentle glad keen kind lively lucid mellow merry mild neat nimble noble plucky proud quick quiet sunny swift warm witty".split(" ");
  const animals = "badger beaver bison crane dolphin falcon finch fox gecko hare heron ibis jay koala lark lemur lynx magpie marten moose newt otter owl panda puffin raven robin seal stork swan tern wren".split(" ");

  // randomName returns a name that nobody guesses: who knows it may enter. The words are for
  // people, and what follows has 80 bits.
  function randomName() {
    const [a, b, ...secret] = crypto.getRandomValues(new Uint8Array(2 + 16));
    const letters = secret.map((n) => "abcdefghijklmnopqrstuvwxyz234567"[n % 32]).join("");
    return `${qualities[a % qualities.length]}-${animals[b % animals.length]}-${letters}`;
  }

  function roomNameError(name) {
    const length = [...name].length;
    if (length === 0) return "A room needs a name.";
    if (length > Number(maxRoom)) return `A room name has at most ${maxRoom} characters, this one has ${length}.`;
    if (/[\p{Cc}\p{Cs}]/u.test(name)) return "A room name cannot have control characters.";
    if (name === "." || name === "..") return "A room name of dots alone does not fit in a link.";
    return "";
  }

  function setupHome() {
    const input = byId("room-name");
    const error = byId("room-error");
    const name = () => input.value.trim().normalize("NFC");

    function update() {
      const problem = roomNameError(name());
      error.textContent = problem;
      error.hidden = !problem;
      input.setAttribute("aria-invalid", String(Boolean(problem)));
      byId("share").value = problem ? "" : roomLink(name());
      byId("copy").disabled = Boolean(problem);
      return !problem;
    }
    function rename() {
      input.value = randomName();
      update();
    }

    input.addEventListener("input", update);
    input.addEventListener("focus", () => input.select());
    byId("new-name").addEventListener("click", rename);
    byId("room-form").addEventListener("submit", (event) => {
      event.preventDefault();
      if (update()) location.assign(roomLink(name()));
      else input.focus();
    });
    rename();
  }

  // --- Drawers ---

  // setupDrawers opens what there is room for, and remembers what the reader opens.
  function setupDrawers() {
    const wide = matchMedia("(min-width: 1000px)");
    const panels = byId("panels");
    for (const drawer of document.querySelectorAll("details.drawer")) {
      const name = `drawer ${drawer.id}`;
      drawer.open = (kept(name) ?? String(wide.matches)) === "true";
      drawer.addEventListener("toggle", () => {
        if (drawer.open) delete drawer.dataset.new;
        keep(name, drawer.open);
      });
    }
    const show = () => { panels.open ||= wide.matches; }; // there it has no handle
    wide.addEventListener("change", show);
    show();
    // A menu closes when the reader goes on elsewhere.
    addEventListener("click", ({ target }) => {
      for (const menu of document.querySelectorAll("details.menu[open]")) if (!menu.contains(target)) menu.open = false;
    });
    new MutationObserver(() => { byId("media-drawer").open = true; }).observe(byId("media"), { childList: true });
  }

  function kept(name) {
    try {
      return localStorage.getItem(name);
    } catch {
      return null; // storage is forbidden
    }
  }

  function keep(name, value) {
    try {
      localStorage.setItem(name, value);
    } catch { /* it is not remembered */ }
  }

  // --- The inspector ---

  const maxEarly = 500; // batches of lines

  // The program gives its trace to globalThis.inspector.add, as lines of JSON with "\n"
  // between them, at most once a frame; in connections it keeps the RTCPeerConnection of
  // each pairing, by the peer's id. setupInspector keeps what it tells until the modules
  // that show it are there: they load when the program runs, so that nothing waits for them.
  function setupInspector() {
    const early = [];
    globalThis.inspector = { early, connections: new Map(), add(text) { if (early.length < maxEarly) early.push(text); } };
    const root = document.documentElement;
    const observer = new MutationObserver(() => {
      if (root.dataset.ready !== "true") return;
      observer.disconnect();
      import(address("inspector/main.js")).catch((error) => notice(`The ladder could not be loaded: ${error.message}`, "Reload", reload));
    });
    observer.observe(root, { attributeFilter: ["data-ready"] });
  }

  // --- Loading the WASM ---

  // counted passes the body on and reports how much of it has come. The browser has
  // already decompressed it, so Content-Length says nothing: the page knows the size.
  function counted(body, size, report) {
    let received = 0;
    return body.pipeThrough(new TransformStream({
      transform(chunk, controller) {
        received += chunk.byteLength;
        report(Math.min(received / size, 1));
        controller.enqueue(chunk);
      },
    }));
  }

  async function download() {
    const response = await fetch(address(wasm.slice(1)));
    if (!response.ok) throw new Error(`the server answered ${response.status}`);
    const bar = byId("progress-bar");
    const body = counted(response.body, Number(wasmSize), (part) => { bar.value = part; });
    return new Response(body, { headers: { "Content-Type": "application/wasm" } });
  }

  async function start() {
    if (!wasm) return fail("The page is not built. Run “make build”, start the server again, and reload.", "Reload", reload);
    if (typeof WebAssembly !== "object") return fail("This browser has no WebAssembly, or it is switched off. The negotiation needs it.");
    if (typeof RTCPeerConnection !== "function") return fail("This browser has no WebRTC (RTCPeerConnection), or an extension has switched it off. The negotiation needs it.");
    if (typeof Go !== "function") return fail("The program could not be downloaded: wasm_exec.js is missing.", "Retry", reload);

    const go = new Go();
    let program;
    try {
      program = await WebAssembly.compileStreaming(download());
    } catch (error) {
      return fail(`The program could not be loaded (${error.message}). Is the server still running?`, "Retry", reload);
    }
    try {
      await go.run(await WebAssembly.instantiate(program, go.importObject));
    } catch (error) {
      console.error(error);
    }
    document.documentElement.dataset.ready = "false";
    for (const control of document.querySelectorAll(".controls button, #send")) control.disabled = true;
    fail("The program has stopped. Reload the page to start it again; the browser’s console may tell why.", "Reload", reload);
    stopped = true;
  }

  setupShare();
  if (view === "home") {
    setupHome();
  } else {
    setupDrawers();
    setupInspector();
    start();
  }
})();

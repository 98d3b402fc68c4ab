// Masking makes a trace fit to be shown to others: addresses, credentials, names and what
// people wrote are replaced by aliases. The same thing has the same alias in the whole
// file, so that it can be followed, and an ICE restart stays visible. SDP stays valid.

/** @typedef {Record<string, any>} Line an event as it stands in a file */

const address = /(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?!\w|\.\d)|(?<![\w:])(?:[0-9a-f]{0,4}:){2,7}(?:[0-9a-f]{1,4}(?![\w:])|(?<=::))|[\w-]+\.local\b/gi;

const hidden = (text) => `(${[...text].length} characters)`;
const chat = new Set(["chat-sent", "chat-received", "chat-not-sent"]);
const relay = new Set(["relay-lost", "relay-refused", "relay-warning", "relay-connected"]);

export class Mask {
  /** @type {Map<string, string>} */
  #aliases = new Map();
  /** @type {Map<string, number>} */
  #counts = new Map();

  // alias returns what stands for a value of a kind.
  #alias(kind, value, make) {
    const key = `${kind} ${value}`;
    let alias = this.#aliases.get(key);
    if (!alias) {
      const n = (this.#counts.get(kind) ?? 0) + 1;
      this.#counts.set(kind, n);
      alias = make(n);
      this.#aliases.set(key, alias);
    }
    return alias;
  }

  /** An address of the same type: private, link-local, public, or a name of mDNS. @param {string} value */
  address(value) {
    const v = value.toLowerCase();
    if (/^(0\.0\.0\.0|127\.|::1?$)/.test(v)) return value; // it tells nothing
    if (v.endsWith(".local")) return this.#alias("mdns", v, (n) => `host${n}.local`);
    if (v.includes(":")) {
      const range = /^fe[89ab]/.test(v) ? "fe80::" : /^f[cd]/.test(v) ? "fd00::" : "2001:db8::";
      return this.#alias(range, v, (n) => range + n.toString(16));
    }
    const range = /^(10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.)/.test(v) ? "10.0" : v.startsWith("169.254.") ? "169.254" : "198.18";
    return this.#alias(range, v, (n) => `${range}.${(n >> 8) & 255}.${n & 255}`);
  }

  #ufrag(value) {
    return this.#alias("ufrag", value, (n) => `ufrag${String(n).padStart(3, "0")}`);
  }

  /** @param {string} sdp */
  sdp(sdp) {
    return sdp.replace(/[^\r\n]+/g, (line) => this.#line(line));
  }

  #line(line) {
    const field = /^(a=[a-z-]+:|[a-z]=)(.*)$/.exec(line);
    if (!field) return line;
    const [, name, value] = field;
    switch (name) {
      case "a=ice-ufrag:":
        return name + this.#ufrag(value);
      case "a=ice-pwd:":
        return name + this.#alias("pwd", value, (n) => `pwd${String(n).padStart(19, "0")}`);
      case "a=fingerprint:": {
        const [hash, print = ""] = value.split(" ");
        return `${name}${hash} ${this.#alias("fingerprint", print, (n) => hex(n, print.replaceAll(":", "").length).toUpperCase().replace(/..(?!$)/g, "$&:"))}`;
      }
      case "a=candidate:":
      case "a=remote-candidates:":
        return name + this.#words(value.replace(/\b(ufrag) (\S+)/, (_, word, ufrag) => `${word} ${this.#ufrag(ufrag)}`));
      case "a=ssrc:":
        return name + value.replace(/cname:.*$/, (cname) => this.#alias("cname", cname, (n) => `cname:cname${n}`));
      case "a=crypto:":
        return name + value.replace(/inline:\S+/, (key) => this.#alias("key", key, (n) => `inline:key${n}`));
      case "c=":
      case "o=":
      case "a=rtcp:":
        return name + this.#words(value);
      case "s=":
      case "i=":
      case "u=":
      case "e=":
      case "p=":
        return `${name}-`;
      default:
        return line;
    }
  }

  #words(text) {
    return text.replace(address, (found) => this.address(found)).replace(/[\w+/]{4,}/g, (word) => this.#aliases.get(`ufrag ${word}`) ?? this.#aliases.get(`pwd ${word}`) ?? word);
  }

  /** Returns a line of a file with aliases. @param {Line} line @returns {Line} */
  line(line) {
    const masked = { ...line };
    if (typeof line.sdp === "string") masked.sdp = this.sdp(line.sdp);
    const beginning = String(line.text ?? "").split(":")[0];
    if (chat.has(line.kind)) {
      masked.detail = hidden(String(line.detail ?? ""));
      masked.text = `${beginning}: ${masked.detail}`;
      delete masked.err;
    } else if (line.kind === "room-joined") {
      masked.text = "Joined room ''";
      delete masked.detail;
    } else if (relay.has(line.kind)) { // it may name the relay's host
      masked.text = beginning;
      delete masked.detail;
      delete masked.err;
    } else {
      if (typeof line.ufrag === "string") masked.ufrag = this.#ufrag(line.ufrag);
      if (typeof line.candidate === "string") masked.candidate = this.#line(`a=${line.candidate}`).slice(2);
      for (const name of ["detail", "text", "err"]) if (typeof line[name] === "string") masked[name] = this.#words(line[name]);
    }
    return masked;
  }
}

const hex = (n, length) => n.toString(16).padStart(length, "0").slice(-Math.max(length, 1));

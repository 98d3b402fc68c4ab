export const seconds = 1000; // ms

/** Timer calls a function once, after a while, unless it is stopped or set again before. */
export class Timer {
  #id = null;

  get isSet() { return this.#id !== null; }

  set(ms, f) {
    this.stop();
    this.#id = setTimeout(() => {
      this.#id = null;
      f();
    }, ms);
  }

  stop() {
    clearTimeout(this.#id);
    this.#id = null;
  }
}

/** limited returns a function that calls f: a few times at once, and then once a second. Calls
 * that come too early wait, and become one. */
export function limited(atOnce, f) {
  const later = new Timer();
  let due = 0;
  return function ask() {
    if (later.isSet) return;
    const wait = due - Date.now() - (atOnce - 1) * seconds;
    if (wait > 0) {
      later.set(wait, ask);
    } else {
      due = Math.max(due, Date.now()) + seconds;
      f();
    }
  };
}

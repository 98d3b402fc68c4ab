// What is kept of the trace, to be saved as a file.

const maxKept = 32 << 20; // characters of a recording

/** A Recording keeps the lines of the trace, the newest if they are too many. */
export class Recording {
  /** How many characters were dropped. */
  dropped = 0;
  #batches = [];
  #size = 0;

  /** @param {string} text lines, joined by "\n" */
  add(text) {
    this.#batches.push(text);
    this.#size += text.length;
    while (this.#size > maxKept && this.#batches.length > 1) {
      const { length } = this.#batches.shift();
      this.#size -= length;
      this.dropped += length;
    }
  }

  /** @returns {string[]} */
  get lines() {
    return this.#batches.flatMap((batch) => batch.split("\n")).filter(Boolean);
  }
}

/** What was used last, up to a number of bytes; values have `size`, their bytes, and `close()`. */
export class Kept {
  #values = new Map();
  #bytes = 0;

  /** most: bytes. The value used last is kept however large it is. */
  constructor(most) {
    this.most = most;
  }

  get bytes() {
    return this.#bytes;
  }

  /** The value of a key, undefined where it is not kept; it counts as used. */
  get(key) {
    const value = this.#values.get(key);
    if (value !== undefined) {
      this.#values.delete(key);
      this.#values.set(key, value);
    }
    return value;
  }

  /** Keep a value, and close those that were used longest ago and have no room any more. */
  put(key, value) {
    this.drop(key);
    this.#values.set(key, value);
    this.#bytes += value.size;
    for (const oldest of this.#values.keys()) {
      if (this.#bytes <= this.most || oldest === key) break;
      this.drop(oldest);
    }
  }

  drop(key) {
    const value = this.#values.get(key);
    if (value === undefined) return;
    this.#values.delete(key);
    this.#bytes -= value.size;
    value.close();
  }
}

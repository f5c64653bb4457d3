/** A cache of the values used last, up to a number of bytes. Values have `size`, their bytes, and `close()`. */
export class Kept {
  #values = new Map();
  #bytes = 0;

  /** most: bytes. The value used last is kept whatever its size. */
  constructor(most) {
    this.most = most;
  }

  get bytes() {
    return this.#bytes;
  }

  /** The value of a key, which now counts as used; undefined if there is none. */
  get(key) {
    const value = this.#values.get(key);
    if (value !== undefined) {
      this.#values.delete(key);
      this.#values.set(key, value);
    }
    return value;
  }

  /** Keep a value. If there is no room, close the values that were not used for the longest time. */
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

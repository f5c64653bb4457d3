/* The memory that the kernels work on, in blocks that can be given back. */

const ALIGNMENT = 64;

export class Heap {
  /* Free blocks [at, bytes] in the order of their addresses, no two of them adjacent. */
  #free = [];
  #sizes = new Map();
  #end;

  /** kernels: as from `wasmKernels` or `plainKernels`; nothing else may use their memory. */
  constructor(kernels) {
    this.#end = Math.ceil(kernels.base() / ALIGNMENT) * ALIGNMENT;
    this.memory = kernels.memory;
    this.#view();
  }

  /** The whole memory; another array after a block was allocated. */
  floats;
  bytes;

  /** The address of a new block for `count` floats, all of them zero. Throws RangeError where memory ends. */
  allocate(count) {
    const bytes = Math.max(1, Math.ceil((4 * count) / ALIGNMENT)) * ALIGNMENT;
    const fits = this.#free.findIndex(([, size]) => size >= bytes);
    let at = this.#end;
    if (fits >= 0) {
      const block = this.#free[fits];
      at = block[0];
      block[0] += bytes;
      block[1] -= bytes;
      if (block[1] === 0) this.#free.splice(fits, 1);
    } else {
      this.#reach(at + bytes);
      this.#end += bytes;
    }
    this.#sizes.set(at, bytes);
    this.floats.fill(0, at / 4, (at + bytes) / 4);
    return at;
  }

  /** Give a block back. */
  free(at) {
    const bytes = this.#sizes.get(at);
    if (bytes === undefined) throw new Error(`no block begins at ${at}`);
    this.#sizes.delete(at);
    const free = this.#free;
    let place = free.findIndex(([start]) => start > at);
    if (place < 0) place = free.length;
    free.splice(place, 0, [at, bytes]);
    for (const first of [place, place - 1]) {
      const [block, next] = [free[first], free[first + 1]];
      if (block && next && block[0] + block[1] === next[0]) {
        block[1] += next[1];
        free.splice(first + 1, 1);
      }
    }
  }

  /** Bytes in blocks that are in use. */
  get used() {
    let sum = 0;
    for (const bytes of this.#sizes.values()) sum += bytes;
    return sum;
  }

  #reach(end) {
    const missing = end - this.memory.buffer.byteLength;
    if (missing <= 0) return;
    this.memory.grow(Math.ceil(missing / 65536));
    this.#view();
  }

  #view() {
    this.floats = new Float32Array(this.memory.buffer);
    this.bytes = new Uint8ClampedArray(this.memory.buffer);
  }
}

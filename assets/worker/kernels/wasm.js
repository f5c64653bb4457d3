/* The kernels in WebAssembly with SIMD. */

import { checked } from "./checked.js";

/** Kernels from the bytes of net.wasm. Rejects if this browser cannot, or must not, run them. */
export async function wasmKernels(bytes) {
  const { instance } = await WebAssembly.instantiate(bytes);
  const { memory, ...functions } = instance.exports;
  return { name: "wasm", memory, ...checked(functions) };
}

/* The fastest kernels for this browser: net.wasm, or the same functions in JavaScript.

   Both are an object with `name`, `memory` (`buffer` and `grow(pages)`), and a function for each kernel of
   kernels/net.c, which says what they do. Addresses are in bytes, sizes in floats. */

import { plainKernels } from "./plain.js";
import { wasmKernels } from "./wasm.js";

const NET = new URL("../net.wasm", import.meta.url);

/** The fastest kernels. bytes: those of net.wasm, fetched if they are not given. */
export async function kernels(bytes) {
  try {
    return await wasmKernels(bytes ?? (await fetched(NET)));
  } catch {
    return plainKernels(); // no WebAssembly, none with SIMD, or a policy that forbids it
  }
}

async function fetched(address) {
  const response = await fetch(address);
  if (!response.ok) throw new Error(`${address} answers ${response.status}`);
  return response.arrayBuffer();
}

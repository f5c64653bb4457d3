/* Standard normal noise that is torch's, to the last few bits: torch.randn on a CPU, from
   torch.Generator().manual_seed(seed), for 16 numbers and more. */

/** 32-bit numbers of MT19937 (Matsumoto & Nishimura, 1998), begun from a whole number. */
function twister(seed) {
  const state = new Uint32Array(624);
  state[0] = seed;
  for (let i = 1; i < 624; i++) {
    const before = state[i - 1] ^ (state[i - 1] >>> 30);
    state[i] = Math.imul(1812433253, before) + i;
  }
  let at = 624;
  return () => {
    if (at === 624) {
      twist(state);
      at = 0;
    }
    let y = state[at++];
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return (y ^ (y >>> 18)) >>> 0;
  };
}

function twist(state) {
  for (let i = 0; i < 624; i++) {
    const y = (state[i] & 0x80000000) | (state[(i + 1) % 624] & 0x7fffffff);
    state[i] = state[(i + 397) % 624] ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0);
  }
}

/** `size` numbers, a multiple of 16: the Box–Muller transform of 8 pairs at a time, in float32. */
function normal(size, seed) {
  const { fround } = Math;
  const next = twister(seed);
  const numbers = new Float32Array(size);
  for (let i = 0; i < size; i++) numbers[i] = (next() & 0xffffff) / 0x1000000;
  for (let block = 0; block < size; block += 16)
    for (let i = block; i < block + 8; i++) {
      const radius = fround(Math.sqrt(fround(-2 * fround(Math.log(1 - numbers[i])))));
      const angle = fround(fround(2 * Math.PI) * numbers[i + 8]);
      numbers[i] = radius * fround(Math.cos(angle));
      numbers[i + 8] = radius * fround(Math.sin(angle));
    }
  return numbers;
}

/** `hvae.HVAE.noise(n, seed)`: for each of the latents' sizes a Float32Array of n · size numbers, layer 1 first. */
export function noise(n, seed, sizes) {
  const row = Math.ceil(sizes.reduce((sum, size) => sum + size) / 16) * 16;
  const flat = normal(n * row, seed);
  let start = 0;
  return sizes.map((size) => {
    const part = new Float32Array(n * size);
    for (let i = 0; i < n; i++) part.set(flat.subarray(i * row + start, i * row + start + size), i * size);
    start += size;
    return part;
  });
}

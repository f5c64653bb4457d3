/* What the tests ask of the worker's modules, called through worker_modules.py. */

import { leadingDirections } from "/worker/answers/directions.js";
import { numbers } from "/worker/answers/numbers.js";
import { fromPixels } from "/worker/answers/own-image.js";
import { picture } from "/worker/answers/pictures.js";
import { Subject } from "/worker/answers/subject.js";
import { readCheckpoint } from "/worker/files/checkpoint.js";
import { Config } from "/worker/files/config.js";
import { Kept } from "/worker/kept.js";
import { Heap } from "/worker/kernels/heap.js";
import { kernels } from "/worker/kernels/kernels.js";
import { plainKernels } from "/worker/kernels/plain.js";
import { wasmKernels } from "/worker/kernels/wasm.js";
import { Engine } from "/worker/network/engine.js";
import { Model } from "/worker/network/model.js";
import { IDENTITY, Network } from "/worker/network/network.js";
import { noise } from "/worker/network/noise.js";
import { LinearMap, Order, Packing, TransposedConvolution } from "/worker/network/packing.js";
import { Parent } from "/worker/network/parent.js";
import { Sentence } from "/worker/sentence.js";

const ARRAYS = { float32: Float32Array, float64: Float64Array, uint8: Uint8Array, uint16: Uint16Array };

export async function call(name, parameters) {
  return packed(await FUNCTIONS[name](unpacked(parameters)));
}

function unpacked(value) {
  if (Array.isArray(value)) return value.map(unpacked);
  if (typeof value !== "object" || value === null) return value;
  if (!("array" in value))
    return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, unpacked(part)]));
  const bytes = Uint8Array.from(atob(value.data), (character) => character.charCodeAt(0));
  return Object.assign(new ARRAYS[value.array](bytes.buffer), { shape: value.shape });
}

function packed(value) {
  if (ArrayBuffer.isView(value)) {
    const bytes = new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
    let text = "";
    for (let at = 0; at < bytes.length; at += 32768)
      text += String.fromCharCode(...bytes.subarray(at, at + 32768));
    const name = value.constructor.name.replace("Clamped", "").replace("Array", "").toLowerCase();
    return { array: name, data: btoa(text) };
  }
  if (Array.isArray(value)) return value.map(packed);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, packed(part)]));
}

/* Of a network whose pictures are not looked at. */
const ANY_PICTURE = { imageShape: [1, 4, 4], pixels: 16 };

const engines = new Map();
async function kernelsNamed(name) {
  return name === "plain"
    ? plainKernels()
    : wasmKernels(await (await fetch("/worker/net.wasm")).arrayBuffer());
}
async function engineNamed(name) {
  if (!engines.has(name)) engines.set(name, new Engine(await kernelsNamed(name)));
  return engines.get(name);
}

/* A model, or a parent's model at `betas`, for as long as `use` takes. */
async function withModel({ kernels, file, betas }, use) {
  const engine = await engineNamed(kernels);
  const checkpoint = await readCheckpoint(file.bytes, file.name);
  const made = betas ? Parent.from(engine, checkpoint) : Model.from(engine, checkpoint);
  try {
    return await use(betas ? made.at(betas) : made, checkpoint, made, engine);
  } finally {
    made.close();
  }
}

function painted(model, n, decode) {
  const means = new Float32Array(n * model.config.pixels);
  const rgba = new Uint8ClampedArray((4 * means.length) / model.config.imageShape[0]);
  decode(means, rgba);
  return { means, rgba };
}

const FUNCTIONS = {
  noise: ({ n, seed, sizes }) => noise(n, seed, sizes),

  residualsDecoded: (about) =>
    withModel(about, (model) =>
      painted(model, about.n, (means, rgba) => model.decodeResiduals(about.residuals, about.n, means, rgba)),
    ),

  /* Pixel means with some latents given, the others drawn from their priors or at the priors' means. */
  latentsDecoded: (about) =>
    withModel(about, (model) => {
      const latents = new Map(about.latents.map(({ layer, z }) => [layer, z]));
      const noise = about.seed === undefined ? null : model.noise(about.n, about.seed);
      return painted(model, about.n, (means) => {
        const { pixels } = model.config;
        model.decode(latents, about.n, noise, about.temperature, (network, from, count) => {
          network.paint(count);
          means.set(
            engines
              .get(about.kernels)
              .heap.floats.subarray(network.means / 4, network.means / 4 + count * pixels),
            from * pixels,
          );
        });
      }).means;
    }),

  inferred: (about) =>
    withModel(about, (model) => {
      const noise = about.seed === undefined ? null : model.noise(about.n, about.seed);
      return {
        posteriors: model.encode(about.images, about.n, noise),
        residuals: model.residuals(about.images, about.n),
        reconstructed: painted(model, about.n, (means) =>
          model.reconstruct(about.images, about.n, means, null),
        ).means,
        elbo: model.elbo(about.images, about.n, model.noise(about.n, about.seed ?? 0)),
      };
    }),

  /* Pixel means of one parent at several β, one after the other. */
  gated: ({ kernels, file, betas, residuals, n }) =>
    withModel({ kernels, file, betas: betas[0] }, (_, checkpoint, parent) =>
      betas.map((beta) => {
        const model = parent.at(beta);
        return painted(model, n, (means) => model.decodeResiduals(residuals, n, means, null)).means;
      }),
    ),

  /* Pixel means by the first of several models, before and after all others were used. */
  async revisited({ files, residuals, n }) {
    const engine = await engineNamed("wasm");
    const models = [];
    for (const file of files) models.push(Model.from(engine, await readCheckpoint(file.bytes, file.name)));
    const decode = (model, residuals) =>
      painted(model, n, (means) => model.decodeResiduals(residuals, n, means, null)).means;
    const before = decode(models[0], residuals);
    for (const model of models) decode(model, model.noise(n));
    const after = decode(models[0], residuals);
    models.forEach((model) => model.close());
    return { before, after };
  },

  pictures: (about) =>
    withModel(about, (model, checkpoint) => {
      const subject = new Subject(model, about.images, checkpoint.rates);
      return Promise.all(about.asked.map(({ kind, query }) => outcome(() => picture(subject, kind, query))));
    }),

  numbers: (about) =>
    withModel(about, (model, checkpoint) => {
      const subject = new Subject(model, about.images, checkpoint.rates);
      return Promise.all(about.asked.map(({ kind, query }) => outcome(() => numbers(subject, kind, query))));
    }),

  directions: ({ residuals, count, size }) => leadingDirections(residuals, count, size),

  ownImage: ({ image, shape }) => fromPixels(image, shape),

  /* What becomes of each file: its tensors' names, or the sentence that says why not, or a fault. */
  async filesRead({ files }) {
    const outcomes = [];
    for (const bytes of files)
      outcomes.push(
        await outcome(async () => [...(await readCheckpoint(bytes, "it.safetensors")).tensors.keys()]),
      );
    return outcomes;
  },

  /* What becomes of models in files, and the bytes that the heap has in use before and after. */
  async modelsBuilt({ kernels, files }) {
    const engine = new Engine(await kernelsNamed(kernels));
    const outcomes = [];
    for (const bytes of files) {
      const before = engine.heap.used;
      const result = await outcome(
        async () => Model.from(engine, await readCheckpoint(bytes, "it.safetensors")).size,
      );
      outcomes.push({ ...result, taken: engine.heap.used - before });
    }
    return outcomes;
  },

  /* What becomes of models and parents in files: pixel means of a sample, if inference runs, too, and the time that it
     took. memory: bytes of the heap in the end. */
  async modelsTried({ files }) {
    const engine = new Engine(await kernelsNamed("wasm"));
    const outcomes = [];
    for (const bytes of files) {
      const start = performance.now();
      const result = await outcome(async () => {
        const checkpoint = await readCheckpoint(bytes, "it.safetensors");
        const made = checkpoint.betaRange ? Parent.from(engine, checkpoint) : Model.from(engine, checkpoint);
        const { layers, pixels } = made.config;
        const model = checkpoint.betaRange ? made.at(Array(layers).fill(1)) : made;
        const means = new Float32Array(pixels);
        model.decodeResiduals(model.noise(1), 1, means, null);
        model.elbo(new Uint8Array(pixels), 1, model.noise(1));
        made.close();
        return means;
      });
      outcomes.push({ ...result, milliseconds: performance.now() - start });
    }
    return { outcomes, memory: engine.heap.memory.buffer.byteLength };
  },

  /* What becomes of the networks of configs, without any weights. */
  networksBuilt: ({ configs }) => {
    const engine = new Engine(plainKernels());
    return Promise.all(
      configs.map((fields) => outcome(() => typeof engine.network(new Config(fields, "it")))),
    );
  },

  /* One convolution over x (n, c, h, w): scale ⊙ (weight ∗ x) + bias + addend. A transposed one has no addend. */
  async convolved({ kernels, x, weight, bias, scale, addend, stride, winograd, transposed }) {
    const made = await kernelsNamed(kernels),
      heap = new Heap(made);
    const [n, c, h, w] = x.shape,
      taps = weight.shape.at(-1);
    const map = transposed
      ? new TransposedConvolution("map", new Order([weight.shape[1]], 4), new Order([c], 9), { winograd })
      : new LinearMap("map", new Order([weight.shape[0]]), new Order([c], taps ** 2), { taps, winograd });
    const packing = new Packing([map]),
      [height, width] = [h, w].map((side) => Math.ceil(side / stride));
    const network = new Network(made, heap, ANY_PICTURE, n, packing, (config, layout) => ({
      ...layout.common(config, []),
      dense: layout.map(h, w, map.cIn),
      bordered: layout.bordered(h, w, map.cIn),
      out: layout.map(height, width, map.cOut),
      doubled: layout.map(2 * h, 2 * w, map.cOut / 4),
      scratch: layout.scratch([[height, width, map.cIn, map.cOut]]),
    }));
    const find = (_, part) => ({ values: part === "weight" ? weight : bias });
    const affine = packing.affine({ heap }, find);
    if (scale) heap.floats.set(scale, affine / 4);
    network.use(packing.written({ kernels: made, heap }, find), affine);
    const { dense, bordered, out, doubled } = network.buffers,
      place = network.named("map");
    put(heap, x, x.shape, map.cIn, dense.at);
    const shape = [n, map.channels, height, width];
    const added = addend ? put(heap, addend, shape, map.cOut) : 0;
    network.spread(dense, bordered, n, IDENTITY);
    if (taps === 1) network.rows(place, dense.at, out.at, n * h * w, added);
    else network.convolve(place, bordered, out, n, stride, added);
    if (!transposed) return taken(heap, out.at, shape, map.cOut);
    network.shuffle(out, doubled, n, IDENTITY);
    return taken(heap, doubled.at, [n, map.channels, 2 * h, 2 * w], doubled.c);
  },

  /* Each function of one number at x. */
  async activated({ kernels, x }) {
    const made = await kernelsNamed(kernels),
      heap = new Heap(made),
      from = heap.allocate(x.length),
      to = heap.allocate(x.length);
    heap.floats.set(x, from / 4);
    return [0, 1, 2, 3, 4].map((activation) => {
      made.spread(from, to, 0, 0, 4, 1, 1, x.length / 4, 4, activation, 1, x.length / 4);
      return heap.floats.slice(to / 4, to / 4 + x.length);
    });
  },

  /* x (n, c, h, w) at another size. */
  async resized({ kernels, x, height, width }) {
    const made = await kernelsNamed(kernels),
      heap = new Heap(made),
      [n, c, h, w] = x.shape;
    const to = heap.allocate(n * c * height * width);
    made.spread(put(heap, x, x.shape, c), to, height * width * c, width * c, c, n, h, w, c, 0, height, width);
    return taken(heap, to, [n, c, height, width], c);
  },

  /* The names of kernels that take a call without its last argument, or one too many. */
  async careless({ kernels }) {
    const made = await kernelsNamed(kernels);
    const takes = (name, count) => {
      try {
        made[name](...Array(count).fill(0));
        return true;
      } catch (error) {
        return !(error instanceof TypeError);
      }
    };
    return Object.keys(made).filter((name) => {
      if (typeof made[name] !== "function") return false;
      const counts = Array.from({ length: 24 }, (_, count) => count).filter((count) => takes(name, count));
      return counts.length !== 1;
    });
  },

  /* Addresses of blocks in the order asked for: a count of floats takes one, a negative index gives that one back. */
  async blocks({ steps }) {
    const heap = new Heap(plainKernels()),
      taken = [];
    for (const step of steps) {
      if (step >= 0) taken.push(heap.allocate(step));
      else heap.free(taken[-step - 1]);
    }
    return { taken, used: heap.used };
  },

  /* What is left of values with these sizes, put one after the other, and what was closed; "get" uses one again. */
  kept({ most, steps }) {
    const kept = new Kept(most),
      closed = [];
    for (const [key, size] of steps) {
      if (size === "get") kept.get(key);
      else kept.put(key, { size, close: () => closed.push(key) });
    }
    return { closed, bytes: kept.bytes };
  },

  /* The name of the kernels that there are where net.wasm is something else. */
  kernelsFrom: async ({ bytes }) => (await kernels(bytes)).name,

  /* The worker's answers, in order, to messages that are sent at once. */
  asked: ({ messages, count, address = "/worker/worker.js" }) =>
    new Promise((resolve) => {
      const worker = new Worker(address, { type: "module" }),
        answers = [];
      worker.onmessage = ({ data }) => {
        answers.push(
          data.answer instanceof ImageBitmap
            ? { ...data, answer: [data.answer.width, data.answer.height] }
            : data,
        );
        if (answers.length < count) return;
        worker.terminate();
        resolve(answers);
      };
      for (const message of messages) worker.postMessage(message);
    }),
};

async function outcome(make) {
  try {
    return { made: await make() };
  } catch (error) {
    return error instanceof Sentence ? { sentence: error.message } : { fault: String(error.stack) };
  }
}

/* (n, c, h, w) to a block (n, h, w, channels), a new one unless it is given, and back. */
function put(heap, values, [n, c, h, w], channels, at = heap.allocate(n * h * w * channels)) {
  for (let i = 0; i < n; i++)
    for (let k = 0; k < c; k++)
      for (let place = 0; place < h * w; place++)
        heap.floats[at / 4 + (i * h * w + place) * channels + k] = values[(i * c + k) * h * w + place];
  return at;
}
function taken(heap, at, [n, c, h, w], channels) {
  const values = new Float32Array(n * c * h * w);
  for (let i = 0; i < n; i++)
    for (let k = 0; k < c; k++)
      for (let place = 0; place < h * w; place++)
        values[(i * c + k) * h * w + place] = heap.floats[at / 4 + (i * h * w + place) * channels + k];
  return values;
}

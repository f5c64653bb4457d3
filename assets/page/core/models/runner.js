/* A worker and the files that it knows: each is handed to it once. */
import { Thread } from "./thread.js";

const LEFT_MS = 60000; // how long a file that could not be used is left to the server

export class Runner {
  #thread;
  #known = new Map(); // a file's address → a promise of the moment when the worker knows the file

  /* patienceMs: see Thread. */
  constructor(patienceMs) {
    this.#thread = new Thread(patienceMs, () => this.#known.clear());
  }

  start() {
    this.#thread.start();
  }

  /* The answer to a message of assets/worker/worker.js. Rejects where none can be had here. */
  ask(message) {
    return this.#thread.ask(message);
  }

  /* Have the worker know a model's file. It is fetched here: the worker answers other questions meanwhile. */
  load({ name, url }) {
    return this.#once(url, async () => {
      const bytes = await fetched(url);
      await this.#thread.ask({ do: "load", file: { name, url, bytes } }, [bytes]);
    });
  }

  /* Have the worker know an atlas's test images. */
  loadImages(atlas, { url }) {
    return this.#once(url, async () => {
      const images = new Uint8Array(await fetched(url));
      await this.#thread.ask({ do: "images", atlas, images }, [images.buffer]);
    });
  }

  /* Whether the worker knows a file, or could not use it: a promise; undefined where it was not given the file. */
  known({ url }) {
    return this.#known.get(url);
  }

  #once(url, act) {
    if (!this.#known.has(url)) {
      const promise = act();
      this.#known.set(url, promise);
      // What fails is tried again after a while.
      promise.catch(() => setTimeout(() => this.#known.delete(url), LEFT_MS));
    }
    return this.#known.get(url);
  }
}

async function fetched(url) {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url} answers ${response.status}`);
  return response.arrayBuffer();
}

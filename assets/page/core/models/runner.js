/* A worker and the files that it has: it gets each of them once. */
import { Thread } from "./thread.js";

const LEFT_MS = 60000; // after a failure, how long the server is asked instead

export class Runner {
  #thread;
  #known = new Map(); // a file's address → a promise that resolves when the worker has the file

  /* patienceMs: see Thread. */
  constructor(patienceMs) {
    this.#thread = new Thread(patienceMs, () => this.#known.clear());
  }

  start() {
    this.#thread.start();
  }

  /* The answer to a message of assets/worker/worker.js. Rejects if there is none. */
  ask(message) {
    return this.#thread.ask(message);
  }

  /* Give a model's file to the worker. It is fetched here, so the worker can answer other questions meanwhile. */
  load({ name, url }) {
    return this.#once(url, async () => {
      const bytes = await fetched(url);
      await this.#thread.ask({ do: "load", file: { name, url, bytes } }, [bytes]);
    });
  }

  /* Give an atlas's test images to the worker. */
  loadImages(atlas, { url }) {
    return this.#once(url, async () => {
      const images = new Uint8Array(await fetched(url));
      await this.#thread.ask({ do: "images", atlas, images }, [images.buffer]);
    });
  }

  /* A promise that resolves when the worker has a file, or rejects if it cannot use it; undefined before `load`. */
  known({ url }) {
    return this.#known.get(url);
  }

  #once(url, act) {
    if (!this.#known.has(url)) {
      const promise = act();
      this.#known.set(url, promise);
      // Try again some time after a failure.
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

/* A worker that runs the models, assets/worker/worker.js, from the page's side. */

const WORKER = new URL("../../../worker/worker.js", import.meta.url);

/* One worker. It starts at the first question, or at `start`; one that fails, or is silent for too long, is never asked
 * again. */
export class Thread {
  #worker = null;
  #isGone = false;
  #patience;
  #questions = new Map(); // id → {resolve, reject, timer}
  #asked = 0;

  /* patienceMs: after so long without an answer the worker counts as dead. */
  constructor(patienceMs) {
    this.#patience = patienceMs;
  }

  start() {
    if (this.#worker || this.#isGone) return;
    try {
      this.#worker = new Worker(WORKER, { type: "module" });
    } catch {
      this.#isGone = true; // no workers, or none allowed
      return;
    }
    this.#worker.onmessage = ({ data }) => this.#take(data);
    this.#worker.onmessageerror = () => this.#end();
    this.#worker.onerror = (event) => {
      event.preventDefault(); // whoever waits asks the server: nothing is lost
      this.#end();
    };
  }

  /* The answer to a message of assets/worker/worker.js. Rejects where none can be had here.
   * given: buffers that the worker takes over. */
  ask(message, given = []) {
    this.start();
    if (this.#isGone) return Promise.reject(new Error("No worker runs here."));
    const id = (this.#asked += 1);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#end(), this.#patience);
      this.#questions.set(id, { resolve, reject, timer });
      this.#worker.postMessage({ ...message, id }, given);
    });
  }

  #take({ id, answer, error, fault, superseded }) {
    const question = this.#questions.get(id);
    if (!question) return;
    this.#questions.delete(id);
    clearTimeout(question.timer);
    const reason = error ?? fault ?? (superseded && "Another wish took its place.");
    if (reason) question.reject(new Error(reason));
    else question.resolve(answer);
  }

  #end() {
    this.#isGone = true;
    this.#worker.terminate();
    for (const { reject, timer } of this.#questions.values()) {
      clearTimeout(timer);
      reject(new Error("The worker has ended."));
    }
    this.#questions.clear();
  }
}

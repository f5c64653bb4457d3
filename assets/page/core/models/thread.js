/* A worker that runs the models, assets/worker/worker.js, from the page's side. */

const WORKER = new URL("../../../worker/worker.js", import.meta.url);

const MOST_STARTS = 3;

/* Why a question has no answer: its worker died. Another one may answer it. */
export class WorkerEnded extends Error {}

/* One worker. It starts at the first question, or at `start`. If it ends or is silent for too long, another takes its
 * place, a few times; one that never ran is not started again. */
export class Thread {
  #worker = null;
  #isReady = false; // whether this worker has begun to run
  #starts = 0;
  #isGone = false;
  #patience;
  #onEnd;
  #questions = new Map(); // id → {resolve, reject, timer}
  #asked = 0;

  /* patienceMs: after this time without an answer, the worker counts as dead. onEnd: called when it has ended, with
   * all that it knew. */
  constructor(patienceMs, onEnd = () => {}) {
    this.#patience = patienceMs;
    this.#onEnd = onEnd;
  }

  start() {
    if (this.#worker || this.#isGone) return;
    this.#starts += 1;
    this.#isReady = false;
    try {
      this.#worker = new Worker(WORKER, { type: "module" });
    } catch {
      this.#isGone = true; // workers are not available or not allowed
      return;
    }
    this.#worker.onmessage = ({ data }) => this.#take(data);
    this.#worker.onmessageerror = () => this.#end();
    this.#worker.onerror = (event) => {
      event.preventDefault(); // no error for the visitor: the server is asked instead
      this.#end();
    };
  }

  /* The answer to a message of assets/worker/worker.js. Rejects if there is none.
   * given: buffers that become the worker's. */
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

  #take({ id, ready, answer, error, fault, superseded }) {
    if (ready) this.#isReady = true;
    const question = this.#questions.get(id);
    if (!question) return;
    this.#questions.delete(id);
    clearTimeout(question.timer);
    const reason = error ?? fault ?? (superseded && "Another wish took its place.");
    if (reason) question.reject(new Error(reason));
    else question.resolve(answer);
  }

  #end() {
    if (!this.#worker) return;
    this.#isGone = !this.#isReady || this.#starts >= MOST_STARTS;
    this.#worker.terminate();
    this.#worker = null;
    this.#onEnd();
    for (const { reject, timer } of this.#questions.values()) {
      clearTimeout(timer);
      reject(new WorkerEnded());
    }
    this.#questions.clear();
  }
}

/* Wishes wait in slots, one in each: of a dragged slider, only the latest position is worth drawing. */

export class Wishes {
  #waiting = new Map();
  #working = false;
  #grant;
  #refuse;

  /** grant(wish): fulfils a wish, one after the other; may be asynchronous. refuse(wish): another took its place. */
  constructor(grant, refuse) {
    this.#grant = grant;
    this.#refuse = refuse;
  }

  /** Have a wish granted when those before it are; wishes without a slot never take another's place. */
  add(wish) {
    const slot = wish.slot ?? Symbol("a slot of its own");
    const former = this.#waiting.get(slot);
    if (former) this.#refuse(former);
    this.#waiting.set(slot, wish); // in its former place in the queue, so that a dragged slider never starves
    if (!this.#working) this.#work();
  }

  async #work() {
    this.#working = true;
    while (this.#waiting.size) {
      await arrived();
      const [slot, wish] = this.#waiting.entries().next().value;
      this.#waiting.delete(slot);
      await this.#grant(wish);
    }
    this.#working = false;
  }
}

/* Until messages that have been sent are read: what waits may have been replaced. */
function arrived() {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}

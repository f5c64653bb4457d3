/* Wishes wait in slots, one in each: for a dragged slider, only the latest position is worth drawing. */

export class Wishes {
  #waiting = new Map();
  #working = false;
  #grant;
  #refuse;

  /** grant(wish): answers one wish after the other; may be asynchronous. refuse(wish): another one took its place. */
  constructor(grant, refuse) {
    this.#grant = grant;
    this.#refuse = refuse;
  }

  /** Add a wish to the queue. It replaces one in the same slot; without a slot it replaces none. */
  add(wish) {
    const slot = wish.slot ?? Symbol("a slot of its own");
    const former = this.#waiting.get(slot);
    if (former) this.#refuse(former);
    this.#waiting.set(slot, wish); // in the former wish's place in the queue, so that a dragged slider never starves
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

/* Wait until the messages sent so far have arrived: they may replace waiting wishes. */
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

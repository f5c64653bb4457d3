/* The models in the browser, on a thread of their own, for assets/page/core/models.

   Messages in, each with an `id` that its answer repeats:

     { id, do: "images", atlas, images }        keep an atlas's test images, uint8 (N, C, H, W)
     { id, do: "load", file }                   read a model's file before it is asked for
     { id, do: "picture", slot, kind, query, atlas, file, betas, as }
                                                a kind of answers/pictures.js; as "bitmap" or "pixels"
     { id, do: "numbers", slot, kind, query, atlas, file, betas }
                                                a kind of answers/numbers.js

   `file` and `betas` name the model: see models.js. Of several wishes that wait in one slot, only the latest is
   answered. Answers: { id, answer }; { id, superseded: true } if a later wish took the slot; { id, error } with a
   sentence for the visitor; { id, fault } if this program failed. At the start, { ready: name } names the kernels. */

import { NUMBERS, numbers } from "./answers/numbers.js";
import { PICTURES, picture } from "./answers/pictures.js";
import { kernels } from "./kernels/kernels.js";
import { Models } from "./models.js";
import { Engine } from "./network/engine.js";
import { Sentence } from "./sentence.js";
import { Wishes } from "./wishes.js";

const models = kernels().then((made) => {
  postMessage({ ready: made.name });
  return new Models(new Engine(made));
});

const wishes = new Wishes(grant, ({ id }) => postMessage({ id, superseded: true }));

onmessage = ({ data }) => wishes.add(data);

const DO = {
  images: async (wish, models) => ({ answer: models.putImages(wish.atlas, wish.images) }),
  load: async (wish, models) => ({ answer: await models.load(wish.file) }),
  picture: async (wish, models) => {
    known(wish.kind, PICTURES);
    const made = picture(await models.subject(wish), wish.kind, wish.query);
    if (wish.as !== "bitmap") return { answer: made, given: [made.data.buffer] };
    const bitmap = await createImageBitmap(new ImageData(made.data, made.width, made.height));
    return { answer: bitmap, given: [bitmap] };
  },
  numbers: async (wish, models) => {
    known(wish.kind, NUMBERS);
    return { answer: numbers(await models.subject(wish), wish.kind, wish.query) };
  },
};

async function grant(wish) {
  const { id } = wish;
  try {
    known(wish.do, Object.keys(DO));
    const { answer, given = [] } = await DO[wish.do](wish, await models);
    postMessage({ id, answer }, given);
  } catch (error) {
    postMessage(
      error instanceof Sentence ? { id, error: error.message } : { id, fault: String(error?.stack ?? error) },
    );
  }
}

function known(name, names) {
  if (!names.includes(name))
    throw new Sentence(`There is no ${JSON.stringify(String(name).slice(0, 40))} here.`);
}

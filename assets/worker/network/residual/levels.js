/* The feature maps of one size, in networks of residual blocks. */

import { beside } from "../layout.js";

/** For each of the sizes [height, width]: features, context and other maps of c channels. pair: two beside each other. */
export function levels(layout, sizes, c) {
  return sizes.map(([h, w]) => {
    const map = () => layout.map(h, w, c);
    const pair = layout.map(h, w, 2 * c);
    return {
      features: map(),
      context: map(),
      hidden: map(),
      inner: map(),
      activated: map(),
      pair,
      secondOfPair: beside(pair, c),
      bordered: layout.bordered(h, w, c),
    };
  });
}

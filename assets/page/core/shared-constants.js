/* What Python and the browser must agree on. Each is written once in the browser: here. */

/* The fields of the state that figures depend on, which the Dash store `look` holds. As in app/page/state.py. */
export const LOOK = ["view", "sizes", "colour", "units", "axes", "layer", "probe", "score", "rate", "lecture"];

/* The controls of what figures show, `control-NAME` each. `size-0`, `size-1`, … are the entries of `sizes`. */
export const CONTROLS = ["size-0", "size-1", "size-2", "colour", "units", "axes", "layer", "probe", "score", "rate"];

/* The name of a fold, with its β₂ and β₁; each is written with so many significant digits. As in app/atlases/folds.py. */
export const FOLD_NAME = /^fold_b2-([0-9.e+-]{1,24})_b1-([0-9.e+-]{1,24})$/;
export const FOLD_DIGITS = 4;

/* The columns of a fold that the server estimates, and on how many test images at most. */
export const ESTIMATED = ["rate_z2", "rate_z1", "distortion", "psnr"];
export const MOST_ESTIMATED_IMAGES = 256;

/* How many samples the page shows of a model. */
export const SAMPLES = 32;

/* The type that figures are drawn with, in pixels. */
export const FIGURE_TYPE = 13;

/* What Python and the browser must agree on: app/page/description.py writes it into the page's HTML. */
const description = JSON.parse(document.getElementById("description").textContent);

/* The fields of the state that figures depend on, which the Dash store `look` holds. */
export const LOOK = description.look;

/* Folds: their name, with the places {beta_2} and {beta_1}, the pattern of names, the significant digits of each β, and
 * how far β may lie beyond the parent's range, relative to β. */
export const FOLD = description.fold;

/* The columns that are estimated of a fold, and on how many test images at most. */
export const ESTIMATED = description.estimated;
export const MOST_ESTIMATED_IMAGES = description.most_estimated_images;

/* What stands beside a traversal of z₂: `usual`, or `of_nothing` where R(z₂) is below `next_to_nothing` nats. */
export const TRAVERSAL = description.traversal;

/* How many samples the page shows of a model. */
export const SAMPLES = description.samples;

/* A sheet of pictures: the tiles in a row, and the pixels between them. */
export const SHEET = description.sheet;

/* The size of figures' type in pixels. */
export const FIGURE_TYPE = description.figure_type;

/* How numbers become text: the significant digits of β, and of other numbers [size, decimals from that size on]. */
export const BETA_DIGITS = description.numbers.beta_digits;
export const DECIMALS = description.numbers.decimals;

/* The templates of the exported code. */
export const PYTHON = description.python;

/* The server's addresses that the page uses; docs/endpoints.md describes their answers. */

function pathOf(...parts) {
  return `/${parts.map(encodeURIComponent).join("/")}`;
}

/* A picture of a point. kind: "samples", …; parameters: its query, "n=32&seed=0". */
export function pictureAddress(atlas, point, kind, parameters) {
  return `${pathOf("pictures", atlas, point)}/${kind}.png?${parameters}`;
}

/* The parameter that names the first `count` test images. */
export function firstImages(count) {
  return `images=${Array.from({ length: count }, (_, index) => index)}`;
}

/* The numbers of a fold, estimated on `count` test images. */
export function estimatesAddress(atlas, fold, count) {
  return `${pathOf("estimates", atlas, fold)}.json?n=${count}`;
}

/* The rates of an image, a PNG in base64url, under a point's model. */
export function ratesAddress(atlas, point, image) {
  return `${pathOf("rates", atlas, point)}.json?image=${image}`;
}

/* The map of z₂ under a point's model, with the place of an image, a PNG in base64url, if there is one. */
export function mapAddress(atlas, point, image) {
  return `${pathOf("map", atlas, point)}.json${image ? `?image=${image}` : ""}`;
}

/* A file of an atlas: "metrics.csv", "POINT.safetensors". */
export function fileAddress(atlas, file) {
  return pathOf("atlases", atlas, file);
}

/* All figures of a version of an atlas. */
export function figuresAddress(atlas, version) {
  return `${pathOf("pages", atlas, "figures.json")}?version=${encodeURIComponent(version)}`;
}

/* The current version of an atlas. */
export function versionAddress(atlas) {
  return pathOf("pages", atlas, "version");
}

/* The page, with a query, wherever it lies. */
export function pageAddress(query) {
  return `?${query}`;
}

/* What explains the page: about it, its equations and words. */
export const EXPLANATIONS = "/explanations.json";

/* What the lecturer's screen shows, once its version is another one. */
export function followAddress(code, version) {
  return `${pathOf("follow", code)}?after=${version}`;
}

/* Where the lecturer's page says what it shows. */
export const LEAD = "/follow";

/* A cheap answer, as long as the server runs. */
export const HEALTH = "/healthz";

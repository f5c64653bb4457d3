/* All kinds of pictures: those of the server's addresses /pictures/…, which docs/endpoints.md describes. */

import { MOST_PICTURES, SEED, choice, indices, ownImage, parsed, real, shifts, whole } from "./queries.js";
import { COLUMNS, contactSheet, gridSheet, pairedSheet, rowsOf, tilesOf, tilesOfImages } from "./sheet.js";
import { joined } from "./subject.js";
import { Sentence } from "../sentence.js";

const FIRST_EIGHT = [0, 1, 2, 3, 4, 5, 6, 7];
const TRAVERSAL_PICTURES = 16;
const MOST_SHIFT = 10;
const SHIFT_NAME = /^z[12]\.(0|[1-9][0-9]{0,3})$/;
/** How far from the middle of the map a place may lie. */
const MOST_PLACE = 20;
/** How far a strip of pictures reaches to both sides, in standard deviations. */
const STRIP_ENDS = 3;
/** Most rows of `resample`, and draws in each row. */
const MOST_ROWS = 8;
const DRAWS = COLUMNS - 1;

/* Of each kind, its parameters, and make(subject, query) → { residuals, layOut(tiles, size) }, or { layOut } if nothing
   has to be decoded. Residuals are those of the model's `decodeResiduals`. */
const KINDS = {
  samples: {
    parameters: { n: whole(1, MOST_PICTURES, 16), seed: SEED, temperature: real(0, 5, 1) },
    make({ model }, { n, seed, temperature }) {
      const noise = model.noise(n, seed);
      return {
        residuals: temperature === 1 ? noise : noise.map((part) => part.map((x) => temperature * x)),
        layOut: contactSheet,
      };
    },
  },

  traversal: {
    parameters: { seed: SEED, shifts: shifts(SHIFT_NAME, MOST_SHIFT) },
    make(subject, { seed, shifts }) {
      const residuals = atPriorMean(subject.model, TRAVERSAL_PICTURES, seed);
      for (const [name, shift] of Object.entries(shifts)) {
        const index = Number(name.slice(3));
        if (name.startsWith("z2")) shiftColumn(subject, residuals.at(-1), index, shift);
        else shiftAll(residuals[0], stepAlong(subject, index), shift);
      }
      return { residuals, layOut: contactSheet };
    },
  },

  dimensions: {
    parameters: { latent: choice("z2", "z1"), seed: SEED, rows: whole(1, 8, 6) },
    make(subject, { latent, seed, rows }) {
      const one = atPriorMean(subject.model, 1, seed);
      const steps = latent === "z2" ? dimensionSteps(subject, rows) : directionSteps(subject, rows);
      const moved = latent === "z2" ? one.length - 1 : 0;
      const residuals = one.map((part, layer) =>
        joined(
          steps.flatMap((step) =>
            linspace(-STRIP_ENDS, STRIP_ENDS, COLUMNS).map((shift) =>
              layer === moved ? part.map((x, i) => x + shift * step[i]) : part,
            ),
          ),
        ),
      );
      return { residuals, layOut: contactSheet };
    },
  },

  place: {
    parameters: { across: real(-MOST_PLACE, MOST_PLACE, 0), up: real(-MOST_PLACE, MOST_PLACE, 0) },
    make({ model, plane: { middle, axes } }, { across, up }) {
      const residuals = model.noise(1, 0).map((part) => part.fill(0));
      residuals.at(-1).set(middle.map((value, k) => value + across * axes[0][k] + up * axes[1][k]));
      return { residuals, layOut: contactSheet };
    },
  },

  resample: {
    parameters: { images: indices(0, 8, []), image: ownImage, seed: SEED, rows: whole(1, MOST_ROWS, 4) },
    make(subject, { images, image, seed, rows }) {
      const { model } = subject,
        { topDim } = model.config;
      const top =
        images.length || image
          ? residualsOf(model, subject.given({ images, image }, [])).at(-1)
          : model.noise(rows, seed).at(-1);
      const residuals = redrawn(model, top, top.length / topDim, DRAWS, seed);
      return { residuals, layOut: (tiles, size) => gridSheet(rowsOf(tiles, 1 + DRAWS), size) };
    },
  },

  layers: {
    parameters: { images: indices(0, 8, []), image: ownImage, seed: SEED, draws: whole(0, 5, 5) },
    make(subject, { images, image, seed, draws }) {
      const { model } = subject,
        originals = subject.given({ images, image }, [0]);
      const count = originals.length / model.config.pixels;
      const residuals = residualsOf(model, originals);
      const drawn = redrawn(model, residuals.at(-1), count, draws, seed);
      return {
        residuals: residuals.map((part, layer) => joined([part, drawn[layer]])),
        layOut(tiles, size) {
          const first = tilesOfImages(originals, model.config.imageShape),
            others = rowsOf(tiles.slice(count), 1 + draws);
          return gridSheet(
            first.map((tile, row) => [tile, tiles[row], ...others[row]]),
            size,
          );
        },
      };
    },
  },

  reconstructions: {
    parameters: { images: indices(1, MOST_PICTURES, FIRST_EIGHT, { once: true }) },
    make(subject, { images }) {
      const originals = subject.chosen(images);
      return {
        residuals: residualsOf(subject.model, originals),
        layOut: (tiles, size) =>
          pairedSheet(tilesOfImages(originals, subject.model.config.imageShape), tiles, size),
      };
    },
  },

  mix: {
    parameters: { images: indices(1, 8, [0, 1, 2, 3], { once: true }) },
    make(subject, { images }) {
      const { model } = subject,
        originals = subject.chosen(images),
        count = images.length;
      const residuals = residualsOf(model, originals).map((part, layer, { length }) => {
        const own = rowsOf(part, part.length / count);
        // Rows share z_L, columns all that is below.
        return joined(own.flatMap((row) => (layer === length - 1 ? own.map(() => row) : own)));
      });
      return {
        residuals,
        layOut(tiles, size) {
          const beside = tilesOfImages(originals, model.config.imageShape);
          const rows = rowsOf(tiles, count).map((row, i) => [beside[i], ...row]);
          return gridSheet([[null, ...beside], ...rows], size, [0], [0]);
        },
      };
    },
  },

  interpolation: {
    parameters: { images: indices(2, 5, [0, 1]), steps: whole(2, 16, 8) },
    make(subject, { images, steps }) {
      const { model } = subject,
        originals = subject.chosen(images),
        count = images.length;
      const residuals = residualsOf(model, originals).map((part) => {
        const ends = rowsOf(part, part.length / count);
        return joined(
          ends
            .slice(1)
            .flatMap((end, i) =>
              linspace(0, 1, steps).map((weight) => ends[i].map((x, k) => x + weight * (end[k] - x))),
            ),
        );
      });
      return {
        residuals,
        layOut(tiles, size) {
          const ends = tilesOfImages(originals, model.config.imageShape);
          const rows = rowsOf(tiles, steps).map((row, i) => [ends[i], ...row, ends[i + 1]]);
          return gridSheet(rows, size, [], [0, steps]);
        },
      };
    },
  },

  examples: {
    parameters: { images: indices(1, MOST_PICTURES, FIRST_EIGHT) },
    make(subject, { images }) {
      const originals = subject.chosen(images);
      return {
        layOut: (_, size) => contactSheet(tilesOfImages(originals, subject.model.config.imageShape), size),
      };
    },
  },
};

export const PICTURES = Object.keys(KINDS);

/** A picture of a subject: { width, height, data }, RGBA. kind: one of PICTURES. Throws a Sentence. */
export function picture(subject, kind, query) {
  const { parameters, make } = KINDS[kind];
  const { model } = subject,
    [channels, ...size] = model.config.imageShape;
  if (channels !== 1 && channels !== 3)
    throw new Sentence(`A picture with ${channels} channels cannot be shown.`);
  const { residuals, layOut } = make(subject, parsed(parameters, query));
  if (!residuals) return layOut([], size);
  const count = residuals.at(-1).length / model.config.topDim;
  const rgba = new Uint8ClampedArray(4 * count * size[0] * size[1]);
  model.decodeResiduals(residuals, count, null, rgba);
  return layOut(tilesOf(rgba, size), size);
}

function residualsOf(model, images) {
  return model.residuals(images, images.length / model.config.pixels);
}

/* Residuals of the first n samples of a seed, all layers below the top one at their priors' means. */
function atPriorMean(model, n, seed) {
  return model.noise(n, seed).map((part, layer, { length }) => (layer < length - 1 ? part.fill(0) : part));
}

/* Residuals of count · (1 + draws) pictures for z_L (count, top_dim): first at the priors' means, then drawn. */
function redrawn(model, top, count, draws, seed) {
  // Noise 0 … 7 is that of the samples with these z_L; further draws follow, row after row.
  const noise = model.noise(MOST_ROWS * DRAWS, seed);
  const rows = Array.from({ length: count }, (_, row) => row);
  const drawn = (row, draw) => (draw === 1 ? row : MOST_ROWS + row * (DRAWS - 1) + draw - 2);
  return noise.map((part, layer, { length }) => {
    const size = model.latentSizes[layer];
    const of = (values, row) => values.subarray(row * size, (row + 1) * size);
    return joined(
      rows.flatMap((row) =>
        Array.from({ length: 1 + draws }, (_, draw) => {
          if (layer === length - 1) return of(top, row);
          return draw === 0 ? new Float32Array(size) : of(part, drawn(row, draw));
        }),
      ),
    );
  });
}

function shiftColumn({ model }, top, dimension, shift) {
  const { topDim } = model.config;
  if (dimension >= topDim)
    throw new Sentence(`There is no dimension z2.${dimension}: z₂ has ${topDim}, counted from 0.`);
  for (let at = dimension; at < top.length; at += topDim) top[at] += shift;
}

function shiftAll(part, step, shift) {
  for (let at = 0; at < part.length; at++) part[at] += shift * step[at % step.length];
}

/* One standard deviation along a direction of z₁. */
function stepAlong({ model, directions }, direction) {
  if (model.config.layers < 2)
    throw new Sentence("There is no z₁ below the top latent of a model with one layer.");
  const { vectors, std } = directions;
  if (direction >= std.length)
    throw new Sentence(
      `There is no direction z1.${direction}: ${std.length} of z₁ are known, counted from 0.`,
    );
  return vectors[direction].map((x) => std[direction] * x);
}

function directionSteps(subject, rows) {
  const available = subject.model.config.layers < 2 ? 0 : subject.directions.std.length;
  if (available === 0)
    throw new Sentence("There are no directions of z₁: they need a layer below z₂ and two test images.");
  return Array.from({ length: Math.min(rows, available) }, (_, direction) => stepAlong(subject, direction));
}

function dimensionSteps(subject, rows) {
  const { topDim } = subject.model.config;
  return subject.dimensionOrder
    .slice(0, rows)
    .map((dimension) => new Float32Array(topDim).fill(1, dimension, dimension + 1));
}

function linspace(from, to, count) {
  return Array.from({ length: count }, (_, i) => from + ((to - from) * i) / (count - 1));
}

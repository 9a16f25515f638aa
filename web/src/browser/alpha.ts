// Transparency: what a network may see of it, and what it may make of it; as pliant.imaging.alpha.

import type { Levels } from "../codec/raster";

const REACH = 2; // pixels of the source that a bicubic resize looks at on each side

/** Colours of fully transparent pixels taken from the visible ones around them; in place. */
export function fillHidden(colour: Levels, channels: number, alpha: Levels, width: number, height: number): void {
  const known = Float32Array.from(alpha, (a) => (a > 0 ? 1 : 0));
  if (!known.includes(0) || !known.includes(1)) return;
  for (let c = 0; c < channels; c++) {
    const plane = new Float32Array(width * height);
    for (let i = 0; i < plane.length; i++) plane[i] = colour[i * channels + c];
    const filled = spread(plane, known, width, height);
    for (let i = 0; i < plane.length; i++) {
      if (!known[i]) colour[i * channels + c] = Math.floor(filled[i] + 0.5);
    }
  }
}

/** Fill where `known` is 0 from averages over ever larger squares. */
function spread(plane: Float32Array, known: Float32Array, width: number, height: number): Float32Array {
  if (!known.includes(0)) return plane;
  const [w, h] = [Math.ceil(width / 2), Math.ceil(height / 2)];
  const total = new Float32Array(w * h);
  const count = new Float32Array(w * h);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [from, to] = [y * width + x, (y >> 1) * w + (x >> 1)];
      total[to] += plane[from] * known[from];
      count[to] += known[from];
    }
  }
  const averages = total.map((sum, i) => sum / Math.max(1, count[i]));
  const coarse = spread(averages, count.map((n) => (n > 0 ? 1 : 0)), w, h);
  return plane.map((value, i) => (known[i] ? value : coarse[(Math.floor(i / width) >> 1) * w + ((i % width) >> 1)]));
}

/**
 * `result` kept between the least and the greatest alpha around each pixel in `source`, in place: what was opaque stays
 * opaque, what was empty stays empty, and edges do not ring. Sizes are [width, height].
 */
export function bound(result: Levels, to: [number, number], source: Levels, from: [number, number]): void {
  const low = around(source, from, Math.min);
  const high = around(source, from, Math.max);
  const columns = beneath(from[0], to[0]);
  const rows = beneath(from[1], to[1]);
  for (let y = 0; y < to[1]; y++) {
    for (let x = 0; x < to[0]; x++) {
      const [at, under] = [y * to[0] + x, rows[y] * from[0] + columns[x]];
      result[at] = Math.min(high[under], Math.max(low[under], result[at]));
    }
  }
}

/** The pixel under each pixel of a result. */
function beneath(before: number, after: number): Int32Array {
  return Int32Array.from({ length: after }, (_, at) => Math.min(((at + 0.5) * before) / after, before - 1));
}

/** The least or greatest value within REACH of each element. */
function around(values: Levels, [width, height]: [number, number], choose: (a: number, b: number) => number): Levels {
  const shifted = (from: Levels, stride: number, length: number, place: (i: number) => number): Levels =>
    from.map((value, i) => {
      const at = place(i);
      for (let k = Math.max(0, at - REACH); k <= Math.min(length - 1, at + REACH); k++) {
        value = choose(value, from[i + (k - at) * stride]);
      }
      return value;
    });
  const vertical = shifted(values, width, height, (i) => Math.floor(i / width));
  return shifted(vertical, 1, width, (i) => i % width);
}

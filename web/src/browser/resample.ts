// Resizing without a network, as pliant.imaging.resample does it.

/** The pixels that one pixel of a result is made of: `weights[k]` is of pixel `first + k`. */
interface Taps {
  first: number;
  weights: Float64Array;
}

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}

function lanczos(x: number): number {
  return Math.abs(x) < 3 ? sinc(x) * sinc(x / 3) : 0;
}

/** Pillow's antialiasing Lanczos filter for a length `before` that becomes `after`. */
function lanczosTaps(before: number, after: number): Taps[] {
  const scale = before / after;
  const wide = Math.max(1, scale);
  return Array.from({ length: after }, (_, at) => {
    const centre = (at + 0.5) * scale;
    const first = Math.max(0, Math.trunc(centre - 3 * wide + 0.5));
    const last = Math.min(before, Math.trunc(centre + 3 * wide + 0.5));
    return { first, weights: normalised(last - first, (k) => lanczos((k + first - centre + 0.5) / wide)) };
  });
}

/** Keys' kernel with a = -1/2. */
function cubic(distance: number): number {
  const x = Math.abs(distance);
  if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
  return x < 2 ? ((-0.5 * x + 2.5) * x - 4) * x + 2 : 0;
}

/** A bicubic filter as wide as a pixel of the result where that is the wider one; edges are repeated. */
function cubicTaps(before: number, after: number): Taps[] {
  const step = before / after;
  const wide = Math.max(1, step);
  const reach = Math.ceil(2 * wide);
  return Array.from({ length: after }, (_, at) => {
    const centre = (at + 0.5) * step - 0.5;
    const start = Math.floor(centre) - reach;
    const spread = normalised(2 * reach + 2, (k) => cubic((start + k - centre) / wide));
    const first = Math.min(before - 1, Math.max(0, start));
    const last = Math.min(before - 1, Math.max(0, start + spread.length - 1));
    const weights = new Float64Array(last - first + 1);
    spread.forEach((weight, k) => {
      weights[Math.min(last, Math.max(first, start + k)) - first] += weight;
    });
    return { first, weights };
  });
}

function normalised(length: number, weight: (k: number) => number): Float64Array {
  const weights = Float64Array.from({ length }, (_, k) => weight(k));
  const sum = weights.reduce((total, one) => total + one, 0);
  return weights.map((one) => one / sum);
}

/** A plane of `width` x `height` values through taps for columns, then for rows. */
function filtered(plane: ArrayLike<number>, width: number, height: number, columns: Taps[], rows: Taps[]): Float32Array {
  const across = new Float32Array(columns.length * height);
  for (let y = 0; y < height; y++) {
    columns.forEach(({ first, weights }, x) => {
      let sum = 0;
      for (let k = 0; k < weights.length; k++) sum += weights[k] * plane[y * width + first + k];
      across[y * columns.length + x] = sum;
    });
  }
  const result = new Float32Array(columns.length * rows.length);
  rows.forEach(({ first, weights }, y) => {
    for (let x = 0; x < columns.length; x++) {
      let sum = 0;
      for (let k = 0; k < weights.length; k++) sum += weights[k] * across[(first + k) * columns.length + x];
      result[y * columns.length + x] = sum;
    }
  });
  return result;
}

/** Network values of one channel, made smaller by Lanczos. */
export function reduced(plane: Float32Array, from: [number, number], to: [number, number]): Float32Array {
  return filtered(plane, from[0], from[1], lanczosTaps(from[0], to[0]), lanczosTaps(from[1], to[1]));
}

/** Levels of one channel resized by the bicubic filter, not yet rounded. */
export function resized(plane: ArrayLike<number>, from: [number, number], to: [number, number]): Float32Array {
  return filtered(plane, from[0], from[1], cubicTaps(from[0], to[0]), cubicTaps(from[1], to[1]));
}

// Where tiles lie along one axis. Crops begin at multiples of a step, at which the results of a resize repeat, so that
// the network may run on a crop as on a picture of its own.

import { scaled } from "../core/sizes";

/** `crop` in pixels of the source; `own` are the pixels of the result that the tile gives; `offset` is where its begins. */
export interface Span {
  crop: [number, number];
  own: [number, number];
  offset: number;
}

/**
 * Spans that cover a side.
 *
 * `radius` is how far the network looks and `step` where crops may begin, a multiple of the factor's denominator, in
 * pixels of the source; `longest` is about how many pixels of the source a tile gives the result of.
 */
export function spans(side: number, factor: number, radius: number, step: number, longest: number): Span[] {
  const advance = Math.max(step, Math.floor(longest / step) * step);
  const found: Span[] = [];
  for (let first = 0; ; first += advance) {
    const end = first + advance + 2 * radius;
    const last = end >= side;
    const core = [first === 0 ? 0 : first + radius, last ? side : first + advance + radius];
    found.push(span(side, factor, step, first, last ? side : end, core));
    if (last) return found;
  }
}

function span(side: number, factor: number, step: number, first: number, end: number, core: number[]): Span {
  const own: [number, number] = [scaled(core[0], factor), scaled(core[1], factor)];
  // rounding can make the result of a crop a pixel shorter than that of the whole from there on
  while (first > 0 && scaled(end - first, factor) < own[1] - offset(first, factor)) first -= step;
  return { crop: [first, Math.min(side, end)], own, offset: offset(first, factor) };
}

/** Where the result of a crop begins: a whole number, up to the rounding of the product. */
export function offset(first: number, factor: number): number {
  return Math.round(first * factor);
}

// What is believed only when it was seen: that tiles equal the whole, and that WebGPU computes what WebAssembly does.

import { scaled } from "../core/sizes";
import type { Network } from "./network";
import { crop, type Values } from "./pixels";
import { offset } from "./tiling";

const EXACT = 1e-3; // of the range of values: a quarter of a grey level
const INNER = 25; // pixels in the middle of the picture that is tried

/** Noise between the least and the greatest value, the same each time. */
function noise(network: Network, side: number): Values {
  const channels = network.picture.dims[1].size ?? (network.image.colours === "GREY" ? 1 : 3);
  const { minimum, maximum } = network.image;
  let state = 1;
  const data = Float32Array.from({ length: channels * side * side }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return minimum + (state / 2 ** 32) * (maximum - minimum);
  });
  return { channels, width: side, height: side, data };
}

/** Whether a crop that begins at `step` and ends before the picture has the results of the whole picture within. */
export async function tilesEqualTheWhole(network: Network, factor: number, radius: number, step: number): Promise<boolean> {
  const side = 2 * radius + step + network.multiple * Math.ceil(INNER / network.multiple);
  const picture = noise(network, side);
  const length = side - step - network.multiple;
  const whole = await network.run(picture, factor);
  const part = await network.run(crop(picture, step, step, length, length), factor);
  const margin = Math.ceil(radius * factor);
  const [from, to] = [margin, scaled(length, factor) - margin];
  const shift = offset(step, factor);
  return agree(crop(part, from, from, to - from, to - from), crop(whole, shift + from, shift + from, to - from, to - from), network);
}

/** Whether two sessions of a model return the same. */
export async function sessionsAgree(one: Network, other: Network, factor: number): Promise<boolean> {
  const picture = noise(one, 2 * INNER);
  return agree(await one.run(picture, factor), await other.run(picture, factor), one);
}

function agree(one: Values, other: Values, { image }: Network): boolean {
  const most = EXACT * (image.maximum - image.minimum);
  return one.data.length === other.data.length && one.data.every((value, i) => Math.abs(value - other.data[i]) <= most);
}

// A decoded picture through a network: grey, colour and transparency, 8 and 16 bits; as pliant.imaging.picture.

import { channelsOf, alike, type Levels, type Raster } from "../codec/raster";
import { scaled } from "../core/sizes";
import type { Alpha } from "../core/types";
import { bound, fillHidden } from "./alpha";
import { mean, plane, repeated, stacked, toLevels, toNetwork, type Values } from "./pixels";
import type { Network } from "./network";
import { reduced, resized } from "./resample";

/** Network values of a picture to those of the picture `used` times as large. */
export type Compute = (values: Values) => Promise<Values>;

/** How much of the work is colour when transparency goes through the network as well. */
export function passes(raster: Raster, alpha: Alpha, network: Network): number {
  const colours = network.image.colours === "GREY" && raster.channels > 2 ? 3 : 1;
  return colours + (raster.channels % 2 === 0 && alpha === "network" && !isFlat(raster) ? 1 : 0);
}

/** The picture at floor(side * factor), in as many channels and as deep. */
export async function upscaled(
  raster: Raster, network: Network, compute: Compute, factor: number, alpha: Alpha,
): Promise<Raster> {
  const { width, height, channels } = raster;
  const size: [number, number] = [scaled(width, factor), scaled(height, factor)];
  const colours = channels > 2 ? 3 : 1;
  const colour = channelsOf(raster.data, channels, 0, colours);
  const through = (levels: Levels, count: number) => levelsOf(levels, count, raster, size, network, compute);
  if (channels % 2 === 1) return { ...raster, width: size[0], height: size[1], data: await through(colour, colours) };
  const opacity = channelsOf(raster.data, channels, colours, 1);
  if (isFlat(raster)) return joined(raster, size, await through(colour, colours), null, opacity[0]);
  fillHidden(colour, colours, opacity, width, height);
  const result = await through(colour, colours);
  const soft = alpha === "network" ? await through(opacity, 1) : rounded(resized(opacity, [width, height], size), opacity);
  bound(soft, size, opacity, [width, height]);
  return joined(raster, size, result, soft, 0);
}

function isFlat({ data, channels }: Raster): boolean {
  for (let i = channels - 1; i < data.length; i += channels) if (data[i] !== data[channels - 1]) return false;
  return true;
}

/** Grey or RGB levels through the network, whichever of them it takes. */
async function levelsOf(
  levels: Levels, count: number, { width, height }: Raster, size: [number, number], network: Network, compute: Compute,
): Promise<Levels> {
  const values = toNetwork(levels, count, width, height, network.image);
  const grey = network.image.colours === "GREY";
  let result: Values;
  if (count === 1 && !grey) result = mean(await compute(repeated(values)));
  else if (count === 3 && grey) {
    result = stacked([await compute(plane(values, 0)), await compute(plane(values, 1)), await compute(plane(values, 2))]);
  } else result = await compute(values);
  return toLevels(fitted(result, size), network.image, levels);
}

/** Made smaller, where the network went beyond the size that is wanted. */
function fitted(values: Values, size: [number, number]): Values {
  if (values.width === size[0] && values.height === size[1]) return values;
  const planes = Array.from({ length: values.channels }, (_, c) => ({
    channels: 1,
    width: size[0],
    height: size[1],
    data: reduced(plane(values, c).data, [values.width, values.height], size) as Values["data"],
  }));
  return stacked(planes);
}

function rounded(values: Float32Array, like: Levels): Levels {
  const levels = alike(like, values.length);
  const highest = like instanceof Uint8Array ? 255 : 65535;
  values.forEach((value, i) => (levels[i] = Math.min(highest, Math.max(0, value)) + 0.5));
  return levels;
}

/** Colour and transparency as one picture; `flat` is the transparency of all pixels where `alpha` is null. */
function joined(raster: Raster, size: [number, number], colour: Levels, alpha: Levels | null, flat: number): Raster {
  const channels = raster.channels;
  const data = alike(colour, size[0] * size[1] * channels);
  for (let i = 0; i < size[0] * size[1]; i++) {
    for (let c = 0; c < channels - 1; c++) data[i * channels + c] = colour[i * (channels - 1) + c];
    data[i * channels + channels - 1] = alpha === null ? flat : alpha[i];
  }
  return { ...raster, width: size[0], height: size[1], data };
}

// Whole levels to network values and back, as pliant.imaging.pixels.

import { alike, top, type Levels } from "../codec/raster";
import type { ImageConvention } from "../core/types";

/** Planes of network values, one behind the other. */
export interface Values {
  channels: number;
  width: number;
  height: number;
  data: Float32Array<ArrayBuffer>;
}

/** The highest level becomes `image.maximum`, level 0 `image.minimum`. */
export function toNetwork(levels: Levels, channels: number, width: number, height: number, image: ImageConvention): Values {
  const data = new Float32Array(levels.length);
  const span = top(levels) / (image.maximum - image.minimum);
  const pixels = width * height;
  for (let c = 0; c < channels; c++) {
    const from = image.colours === "BGR" ? channels - 1 - c : c;
    for (let i = 0; i < pixels; i++) data[c * pixels + i] = levels[i * channels + from] / span + image.minimum;
  }
  return { channels, width, height, data };
}

/** Values outside the range become the nearest level. `like` has the depth. */
export function toLevels(values: Values, image: ImageConvention, like: Levels): Levels {
  const { channels, data } = values;
  const levels = alike(like, data.length);
  const highest = top(like);
  const times = highest / (image.maximum - image.minimum);
  const half = image.rounding === "half up" ? 0.5 : 0;
  const pixels = values.width * values.height;
  for (let c = 0; c < channels; c++) {
    const to = image.colours === "BGR" ? channels - 1 - c : c;
    for (let i = 0; i < pixels; i++) {
      const level = (data[c * pixels + i] - image.minimum) * times + half;
      levels[i * channels + to] = Math.max(0, Math.min(highest, level)); // a typed array cuts off what follows the point
    }
  }
  return levels;
}

/** The same plane for three channels. */
export function repeated(values: Values): Values {
  const data = new Float32Array(3 * values.data.length);
  for (let c = 0; c < 3; c++) data.set(values.data, c * values.data.length);
  return { ...values, channels: 3, data };
}

/** The mean of all channels. */
export function mean(values: Values): Values {
  const pixels = values.width * values.height;
  const data = new Float32Array(pixels);
  for (let i = 0; i < values.data.length; i++) data[i % pixels] += values.data[i] / values.channels;
  return { ...values, channels: 1, data };
}

export function plane(values: Values, channel: number): Values {
  const pixels = values.width * values.height;
  return { ...values, channels: 1, data: values.data.slice(channel * pixels, (channel + 1) * pixels) };
}

export function stacked(planes: Values[]): Values {
  const data = new Float32Array(planes.reduce((length, one) => length + one.data.length, 0));
  planes.forEach((one, c) => data.set(one.data, c * one.data.length));
  return { ...planes[0], channels: planes.length, data };
}

/** A rectangle; what lies beyond the right and lower edge is the edge repeated. */
export function crop(values: Values, left: number, top: number, width: number, height: number): Values {
  const data = new Float32Array(values.channels * width * height);
  for (let c = 0, to = 0; c < values.channels; c++) {
    for (let y = 0; y < height; y++) {
      const row = (c * values.height + Math.min(values.height - 1, top + y)) * values.width;
      for (let x = 0; x < width; x++) data[to++] = values.data[row + Math.min(values.width - 1, left + x)];
    }
  }
  return { channels: values.channels, width, height, data };
}

// A decoded picture.

import type { Sentence } from "../core/types";

export type Levels = Uint8Array<ArrayBuffer> | Uint16Array<ArrayBuffer>;

/**
 * Pixels from left to right and from the top: grey, grey and alpha, RGB, or RGB and alpha (not premultiplied). `profile`
 * is an ICC colour profile, `chunks` are those of a PNG that say what the colours and the resolution are, `notes` say what
 * was not kept.
 */
export interface Raster {
  width: number;
  height: number;
  channels: 1 | 2 | 3 | 4;
  data: Levels;
  profile: Uint8Array<ArrayBuffer> | null;
  chunks?: [string, Uint8Array<ArrayBuffer>][];
  notes: Sentence[];
}

export function top(levels: Levels): number {
  return levels instanceof Uint8Array ? 255 : 65535;
}

/** As many levels, of the same depth. */
export function alike(levels: Levels, length: number): Levels {
  return levels instanceof Uint8Array ? new Uint8Array(length) : new Uint16Array(length);
}

/** `count` channels of every pixel from `first` on, as levels of their own. */
export function channelsOf(levels: Levels, channels: number, first: number, count: number): Levels {
  const pixels = levels.length / channels;
  const own = alike(levels, pixels * count);
  for (let i = 0; i < pixels; i++) {
    for (let c = 0; c < count; c++) own[i * count + c] = levels[i * channels + first + c];
  }
  return own;
}

/** Bytes one behind the other. */
export function joined(parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

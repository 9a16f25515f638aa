// Writes PNG, 8 or 16 bits, with transparency and colour profile. Source: PNG specification, third edition.

import { crc32 } from "./crc32";
import { paeth } from "./png_reader";
import { joined, type Raster } from "./raster";
import { deflated } from "./streams";

const MAGIC = new Uint8Array([137, 80, 78, 71, 13, 10, 26, 10]);
const KINDS = { 1: 0, 2: 4, 3: 2, 4: 6 };

export async function writePng(raster: Raster): Promise<Blob> {
  const parts: BlobPart[] = [MAGIC, chunk("IHDR", header(raster))];
  if (raster.profile) {
    parts.push(chunk("iCCP", joined([new TextEncoder().encode("icc\0\0"), await deflated(raster.profile)])));
  }
  for (const [name, data] of raster.chunks ?? []) parts.push(chunk(name, data));
  parts.push(chunk("IDAT", await deflated(filtered(raster))), chunk("IEND", new Uint8Array()));
  return new Blob(parts, { type: "image/png" });
}

function header({ width, height, channels, data }: Raster): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(13);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  bytes[8] = data instanceof Uint8Array ? 8 : 16;
  bytes[9] = KINDS[channels];
  return bytes;
}

function chunk(name: string, data: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const bytes = joined([new Uint8Array(4), new TextEncoder().encode(name), data, new Uint8Array(4)]);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, data.length);
  view.setUint32(bytes.length - 4, crc32(bytes.subarray(4, bytes.length - 4)));
  return bytes;
}

/** Rows, each behind its filter: the one whose bytes are smallest in sum, which is how libpng chooses. */
function filtered({ width, height, channels, data }: Raster): Uint8Array<ArrayBuffer> {
  const step = channels * data.BYTES_PER_ELEMENT;
  const length = width * step;
  const result = new Uint8Array(height * (length + 1));
  const tried = [1, 2, 4].map((kind) => ({ kind, bytes: new Uint8Array(length) }));
  let before = new Uint8Array(length);
  for (let y = 0; y < height; y++) {
    const line = rowOf(data.subarray(y * width * channels, (y + 1) * width * channels));
    let least = Infinity;
    for (const { kind, bytes } of tried) {
      const sum = filter(kind, line, before, step, bytes);
      if (sum >= least) continue;
      least = sum;
      result[y * (length + 1)] = kind;
      result.set(bytes, y * (length + 1) + 1);
    }
    before = line;
  }
  return result;
}

/** The bytes of a row; those of 16 bits with the high one first. */
function rowOf(levels: Uint8Array<ArrayBuffer> | Uint16Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  if (levels instanceof Uint8Array) return levels;
  const bytes = new Uint8Array(2 * levels.length);
  levels.forEach((level, i) => {
    bytes[2 * i] = level >> 8;
    bytes[2 * i + 1] = level;
  });
  return bytes;
}

/** Into `to`; returns the sum of the differences as signed bytes. */
function filter(kind: number, line: Uint8Array, before: Uint8Array, step: number, to: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < line.length; i++) {
    const left = i >= step ? line[i - step] : 0;
    const guess = kind === 1 ? left : kind === 2 ? before[i] : paeth(left, before[i], i >= step ? before[i - step] : 0);
    const rest = (line[i] - guess) & 255;
    to[i] = rest;
    sum += rest < 128 ? rest : 256 - rest;
  }
  return sum;
}

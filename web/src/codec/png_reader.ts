// Reads PNG without a canvas, which would multiply colours by their transparency and cut 16 bits to 8.
// Source: PNG specification, third edition.

import { Failure } from "../core/types";
import { isTurned } from "./exif";
import { alike, type Levels, type Raster } from "./raster";
import { inflated } from "./streams";

const MAGIC = [137, 80, 78, 71, 13, 10, 26, 10];
const CHANNELS: Record<number, 1 | 2 | 3 | 4> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };
const PALETTE = 3;
const KEPT = ["sRGB", "gAMA", "cHRM", "cICP", "pHYs"];
/** First column, first row, and steps of the passes of an interlaced picture (Adam7). */
const PASSES = [[0, 0, 8, 8], [4, 0, 8, 8], [0, 4, 4, 8], [2, 0, 4, 4], [0, 2, 2, 4], [1, 0, 2, 2], [0, 1, 1, 2]];

interface Header {
  width: number;
  height: number;
  depth: number;
  kind: number;
  channels: 1 | 2 | 3 | 4;
  interlaced: boolean;
}

export function isPng(bytes: Uint8Array): boolean {
  return MAGIC.every((byte, at) => bytes[at] === byte);
}

/** Throws a Failure if the file is damaged. */
export async function readPng(bytes: Uint8Array<ArrayBuffer>): Promise<Raster> {
  try {
    return await read(bytes);
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure({ key: "damaged" });
  }
}

async function read(bytes: Uint8Array<ArrayBuffer>): Promise<Raster> {
  const chunks = new Map<string, Uint8Array<ArrayBuffer>[]>();
  for (const [name, data] of chunksOf(bytes)) chunks.set(name, [...(chunks.get(name) ?? []), data]);
  const header = headerOf(chunks.get("IHDR")?.[0]);
  const exif = chunks.get("eXIf")?.[0];
  if (exif && isTurned(exif)) throw new Failure({ key: "turned" });
  const data = await inflated(new Uint8Array(await new Blob(chunks.get("IDAT") ?? []).arrayBuffer()));
  const samples = samplesOf(header, data);
  const profile = chunks.get("iCCP")?.[0];
  const { width, height } = header;
  return {
    width,
    height,
    ...coloured(header, samples, chunks.get("PLTE")?.[0], chunks.get("tRNS")?.[0]),
    profile: profile ? await inflated(profile.slice(profile.indexOf(0) + 2)) : null,
    chunks: KEPT.flatMap((name) => (chunks.get(name) ?? []).slice(0, 1).map((chunk) => [name, chunk] as [string, typeof chunk])),
    notes: [
      ...(chunks.has("acTL") ? [{ key: "first_frame" }] : []),
      ...(exif ? [{ key: "no_exif" }] : []),
    ],
  };
}

function* chunksOf(bytes: Uint8Array<ArrayBuffer>): Generator<[string, Uint8Array<ArrayBuffer>]> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = MAGIC.length; at + 8 <= bytes.length; ) {
    const length = view.getUint32(at);
    const name = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    yield [name, bytes.subarray(at + 8, at + 8 + length)];
    if (name === "IEND") return;
    at += 12 + length;
  }
}

function headerOf(data: Uint8Array | undefined): Header {
  if (!data || data.length < 13) throw new Failure({ key: "damaged" });
  const view = new DataView(data.buffer, data.byteOffset);
  const [width, height, depth, kind] = [view.getUint32(0), view.getUint32(4), data[8], data[9]];
  if (!(kind in CHANNELS) || width * height === 0) throw new Failure({ key: "damaged" });
  return { width, height, depth, kind, channels: CHANNELS[kind], interlaced: data[12] === 1 };
}

/** One number for each sample, as it stands in the file. */
function samplesOf(header: Header, data: Uint8Array): Levels {
  const { width, height, depth, channels } = header;
  const samples = alike(depth === 16 ? new Uint16Array() : new Uint8Array(), width * height * channels);
  let at = 0;
  for (const [left, above, across, down] of header.interlaced ? PASSES : [[0, 0, 1, 1]]) {
    const columns = Math.ceil((width - left) / across);
    const rows = Math.ceil((height - above) / down);
    if (columns <= 0 || rows <= 0) continue;
    const length = Math.ceil((columns * channels * depth) / 8);
    if (at + rows * (length + 1) > data.length) throw new Failure({ key: "damaged" });
    let before = new Uint8Array(length);
    for (let row = 0; row < rows; row++, at += length + 1) {
      const line = data.slice(at + 1, at + 1 + length);
      unfilter(data[at], line, before, Math.max(1, (channels * depth) >> 3));
      for (let x = 0; x < columns; x++) {
        const to = ((above + row * down) * width + left + x * across) * channels;
        for (let c = 0; c < channels; c++) samples[to + c] = sample(line, x * channels + c, depth);
      }
      before = line;
    }
  }
  return samples;
}

function sample(line: Uint8Array, at: number, depth: number): number {
  if (depth === 8) return line[at];
  if (depth === 16) return (line[2 * at] << 8) | line[2 * at + 1];
  const bit = at * depth;
  return (line[bit >> 3] >> (8 - depth - (bit & 7))) & ((1 << depth) - 1);
}

/** In place. `step` is the bytes of a pixel. */
function unfilter(kind: number, line: Uint8Array, before: Uint8Array, step: number): void {
  for (let i = 0; i < line.length; i++) {
    const left = i >= step ? line[i - step] : 0;
    if (kind === 1) line[i] += left;
    else if (kind === 2) line[i] += before[i];
    else if (kind === 3) line[i] += (left + before[i]) >> 1;
    else if (kind === 4) line[i] += paeth(left, before[i], i >= step ? before[i - step] : 0);
    else if (kind !== 0) throw new Failure({ key: "damaged" });
  }
}

export function paeth(left: number, above: number, corner: number): number {
  const guess = left + above - corner;
  const [a, b, c] = [Math.abs(guess - left), Math.abs(guess - above), Math.abs(guess - corner)];
  return a <= b && a <= c ? left : b <= c ? above : corner;
}

/** Grey or RGB of 8 or 16 bits, with the transparency that stands in a chunk of its own. */
function coloured(
  { depth, kind, channels }: Header, samples: Levels, palette?: Uint8Array, clear?: Uint8Array,
): Pick<Raster, "channels" | "data"> {
  if (kind === PALETTE) return ofPalette(samples, palette ?? new Uint8Array(), clear);
  const data = depth < 8 ? samples.map((level) => (level * 255) / ((1 << depth) - 1)) as Levels : samples;
  if (!clear || channels % 2 === 0) return { channels, data };
  const key = Array.from({ length: channels }, (_, c) => (clear[2 * c] << 8) | clear[2 * c + 1]);
  const pixels = samples.length / channels;
  const own = alike(data, pixels * (channels + 1));
  const opaque = own instanceof Uint8Array ? 255 : 65535;
  for (let i = 0; i < pixels; i++) {
    for (let c = 0; c < channels; c++) own[i * (channels + 1) + c] = data[i * channels + c];
    own[i * (channels + 1) + channels] = key.every((level, c) => samples[i * channels + c] === level) ? 0 : opaque;
  }
  return { channels: (channels + 1) as 2 | 4, data: own };
}

function ofPalette(samples: Levels, palette: Uint8Array, clear?: Uint8Array): Pick<Raster, "channels" | "data"> {
  const channels = clear ? 4 : 3;
  const data = new Uint8Array(samples.length * channels);
  samples.forEach((index, i) => {
    for (let c = 0; c < 3; c++) data[i * channels + c] = palette[3 * index + c] ?? 0;
    if (clear) data[i * channels + 3] = clear[index] ?? 255;
  });
  return { channels, data };
}

// Pixels as a file: PNG by code of the page's own, JPEG and WebP by the browser.

import { Failure, type Format, type Sentence } from "../core/types";
import { withProfile as jpegWithProfile } from "./jpeg";
import { writePng } from "./png_writer";
import type { Raster } from "./raster";
import { withProfile as webpWithProfile } from "./webp";

/** What can be written in a browser. */
export const FORMATS: readonly Format[] = ["png", "jpeg", "webp"];
const QUALITY = 0.95;

/** The format for one that is wanted; if none is, that of the source, or PNG. */
export function formatFor(wanted: Format | "", source: string): Format {
  const own = source.replace("image/", "") as Format;
  return wanted || (FORMATS.includes(own) ? own : "png");
}

/** Throws a Failure if this browser cannot write the format. */
export async function encode(raster: Raster, wanted: Format | "", source: string): Promise<{ blob: Blob; notes: Sentence[] }> {
  const format = formatFor(wanted, source);
  if (!FORMATS.includes(format)) throw new Failure({ key: "unwritable_here", with: { format: format.toUpperCase() } });
  if (format === "png") return { blob: await writePng(raster), notes: [] };
  const title = format === "jpeg" ? "JPEG" : "WebP";
  const notes: Sentence[] = [];
  if (raster.data instanceof Uint16Array) notes.push({ key: "eight_bits", with: { format: title } });
  const canvas = new OffscreenCanvas(raster.width, raster.height);
  const context = canvas.getContext("2d");
  if (context === null) throw new Failure({ key: "no_memory" });
  const onWhite = format === "jpeg" && raster.channels % 2 === 0;
  context.putImageData(new ImageData(rgba(raster, onWhite), raster.width, raster.height), 0, 0);
  if (onWhite) notes.push({ key: "on_white" });
  const blob = await canvas.convertToBlob({ type: `image/${format}`, quality: QUALITY });
  if (blob.type !== `image/${format}`) throw new Failure({ key: "unwritable_here", with: { format: title } });
  if (raster.profile === null) return { blob, notes };
  const bytes = new Uint8Array(await blob.arrayBuffer());
  const profiled = format === "jpeg" ? jpegWithProfile(bytes, raster.profile) : webpWithProfile(bytes, raster);
  return { blob: new Blob([profiled], { type: blob.type }), notes };
}

/** 8 bits, four channels; on white where the format has no transparency. */
function rgba({ channels, data, width, height }: Raster, onWhite: boolean): Uint8ClampedArray<ArrayBuffer> {
  const deep = data instanceof Uint16Array;
  const level = (at: number) => (deep ? Math.floor((data[at] + 128) / 257) : data[at]);
  const result = new Uint8ClampedArray(width * height * 4).fill(255);
  for (let i = 0; i < width * height; i++) {
    const alpha = channels % 2 === 0 ? level(i * channels + channels - 1) : 255;
    for (let c = 0; c < 3; c++) {
      const own = level(i * channels + (channels > 2 ? c : 0));
      result[4 * i + c] = onWhite ? Math.floor((own * alpha + 255 * (255 - alpha) + 127) / 255) : own;
    }
    if (!onWhite) result[4 * i + 3] = alpha;
  }
  return result;
}

// A file as pixels: PNG by code of the page's own, everything else by the browser.

import { Failure, type Sentence } from "../core/types";
import { jpegFacts } from "./jpeg";
import { isPng, readPng } from "./png_reader";
import { channelsOf, type Raster } from "./raster";

const CMYK = 4;

/** Throws a Failure for what cannot be read, or not rightly. Orientation is applied. */
export async function decode(file: File): Promise<Raster> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  if (isPng(bytes)) return readPng(bytes);
  const jpeg = jpegFacts(bytes);
  if (jpeg?.components === CMYK) throw new Failure({ key: "cmyk" });
  // colours stay as they are where the profile is kept; else the browser brings them to sRGB
  const bitmap = await bitmapOf(file, jpeg !== null);
  const { width, height } = bitmap;
  const data = pixelsOf(bitmap);
  bitmap.close();
  const notes: Sentence[] = jpeg?.exif ? [{ key: "no_exif" }] : [];
  if (/gif|webp|avif/.test(file.type)) notes.push({ key: "first_frame_perhaps" });
  if (jpeg) {
    const channels = jpeg.components === 1 ? 1 : 3;
    return { width, height, channels, data: channelsOf(data, 4, 0, channels), profile: jpeg.profile, notes };
  }
  const opaque = data.every((level, i) => i % 4 !== 3 || level === 255);
  if (!opaque) notes.push({ key: "premultiplied" });
  const channels = opaque ? 3 : 4;
  return { width, height, channels, data: opaque ? channelsOf(data, 4, 0, 3) : data, profile: null, notes };
}

async function bitmapOf(file: File, raw: boolean): Promise<ImageBitmap> {
  try {
    return await createImageBitmap(file, {
      imageOrientation: "from-image",
      premultiplyAlpha: "none",
      colorSpaceConversion: raw ? "none" : "default",
    });
  } catch {
    throw new Failure({ key: "unreadable_here", with: { type: file.type || "?" } });
  }
}

function pixelsOf(bitmap: ImageBitmap): Uint8Array<ArrayBuffer> {
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (context === null) throw new Failure({ key: "no_memory" });
  context.drawImage(bitmap, 0, 0);
  return new Uint8Array(context.getImageData(0, 0, bitmap.width, bitmap.height).data.buffer);
}

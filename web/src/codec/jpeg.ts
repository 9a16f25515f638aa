// What a JPEG says about itself that the browser's decoder does not tell. Source: ITU-T T.81, B; ICC.1, B.4.

import { joined } from "./raster";

export interface JpegFacts {
  components: number;
  profile: Uint8Array<ArrayBuffer> | null;
  exif: boolean;
}

const ICC = "ICC_PROFILE\0";
const [START, SCAN, APP1, APP2] = [0xd8, 0xda, 0xe1, 0xe2];
const NO_FRAMES = [0xc4, 0xc8, 0xcc];

/** The facts of a JPEG; null for another file. */
export function jpegFacts(bytes: Uint8Array<ArrayBuffer>): JpegFacts | null {
  if (bytes[0] !== 0xff || bytes[1] !== START) return null;
  const parts: [number, Uint8Array<ArrayBuffer>][] = [];
  let [components, exif] = [3, false];
  for (let at = 2; at + 4 <= bytes.length && bytes[at] === 0xff; ) {
    const marker = bytes[at + 1];
    if (marker === 0xff) {
      at += 1;
      continue;
    }
    if (marker === SCAN) break;
    const end = at + 2 + ((bytes[at + 2] << 8) | bytes[at + 3]);
    const data = bytes.slice(at + 4, end);
    if (marker >= 0xc0 && marker <= 0xcf && !NO_FRAMES.includes(marker)) components = data[5];
    if (marker === APP1 && begins(data, "Exif\0")) exif = true;
    if (marker === APP2 && begins(data, ICC)) parts.push([data[ICC.length], data.slice(ICC.length + 2)]);
    at = end;
  }
  parts.sort(([a], [b]) => a - b);
  return { components, exif, profile: parts.length ? joined(parts.map(([, part]) => part)) : null };
}

/** The JPEG with the profile behind its first marker, in as many segments as it needs. */
export function withProfile(bytes: Uint8Array<ArrayBuffer>, profile: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const most = 65_519; // bytes of a profile in one segment
  const count = Math.ceil(profile.length / most);
  const segments = Array.from({ length: count }, (_, k) => {
    const part = profile.slice(k * most, (k + 1) * most);
    const length = 2 + ICC.length + 2 + part.length;
    const head = [0xff, APP2, length >> 8, length & 255, ...new TextEncoder().encode(ICC), k + 1, count];
    return joined([Uint8Array.from(head), part]);
  });
  return joined([bytes.slice(0, 2), ...segments, bytes.slice(2)]);
}

function begins(data: Uint8Array, text: string): boolean {
  return Array.from(text).every((letter, i) => data[i] === letter.charCodeAt(0));
}

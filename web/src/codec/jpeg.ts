// What a JPEG says about itself that the browser's decoder does not tell. Source: ITU-T T.81, B; ICC.1, B.4.

import { joined } from "./raster";

export interface JpegFacts {
  components: number;
  profile: Uint8Array<ArrayBuffer> | null;
  exif: boolean;
}

interface Segment {
  marker: number;
  /** Behind its length. */
  data: Uint8Array<ArrayBuffer>;
  /** Where it begins and ends in the file. */
  at: number;
  end: number;
}

const ICC = "ICC_PROFILE\0";
const [START, SCAN, APP1, APP2] = [0xd8, 0xda, 0xe1, 0xe2];
const NO_FRAMES = [0xc4, 0xc8, 0xcc];
const MOST = 65_519; // bytes of a profile in one segment

/** The facts of a JPEG; null for another file. */
export function jpegFacts(bytes: Uint8Array<ArrayBuffer>): JpegFacts | null {
  if (bytes[0] !== 0xff || bytes[1] !== START) return null;
  const found = [...segments(bytes)];
  const frame = found.find(({ marker }) => marker >= 0xc0 && marker <= 0xcf && !NO_FRAMES.includes(marker));
  const parts = found.filter(isProfile).sort((a, b) => a.data[ICC.length] - b.data[ICC.length]);
  return {
    components: frame?.data[5] ?? 3,
    exif: found.some(({ marker, data }) => marker === APP1 && begins(data, "Exif\0")),
    profile: parts.length ? joined(parts.map(({ data }) => data.subarray(ICC.length + 2))) : null,
  };
}

/** The JPEG with this profile and no other, in as many segments as it needs. */
export function withProfile(bytes: Uint8Array<ArrayBuffer>, profile: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const kept: Uint8Array[] = [];
  let from = 2;
  for (const segment of [...segments(bytes)].filter(isProfile)) {
    kept.push(bytes.subarray(from, segment.at));
    from = segment.end;
  }
  const count = Math.ceil(profile.length / MOST);
  const own = Array.from({ length: count }, (_, k) => {
    const part = profile.subarray(k * MOST, (k + 1) * MOST);
    const length = 2 + ICC.length + 2 + part.length;
    const head = [0xff, APP2, length >> 8, length & 255, ...new TextEncoder().encode(ICC), k + 1, count];
    return joined([Uint8Array.from(head), part]);
  });
  return joined([bytes.subarray(0, 2), ...own, ...kept, bytes.subarray(from)]);
}

/** All before the first scan. */
function* segments(bytes: Uint8Array<ArrayBuffer>): Generator<Segment> {
  for (let at = 2; at + 4 <= bytes.length && bytes[at] === 0xff; ) {
    const marker = bytes[at + 1];
    if (marker === SCAN) return;
    if (marker === 0xff) {
      at += 1; // filling
      continue;
    }
    const end = at + 2 + ((bytes[at + 2] << 8) | bytes[at + 3]);
    yield { marker, data: bytes.subarray(at + 4, end), at, end };
    at = end;
  }
}

function isProfile({ marker, data }: Segment): boolean {
  return marker === APP2 && begins(data, ICC);
}

function begins(data: Uint8Array, text: string): boolean {
  return Array.from(text).every((letter, i) => data[i] === letter.charCodeAt(0));
}

// A colour profile in a WebP. Source: RFC 9649, section 2.

import { joined, type Raster } from "./raster";

const [PROFILE, ALPHA] = [0x20, 0x10]; // flags of an extended file

/** The file with the profile, as the extended format that it then has to be. */
export function withProfile(bytes: Uint8Array<ArrayBuffer>, { width, height, channels, profile }: Raster): Uint8Array<ArrayBuffer> {
  if (profile === null) return bytes;
  const head = new Uint8Array(10);
  head[0] = PROFILE | (channels % 2 === 0 ? ALPHA : 0);
  [width - 1, height - 1].forEach((side, k) => {
    for (let byte = 0; byte < 3; byte++) head[4 + 3 * k + byte] = side >> (8 * byte);
  });
  const rest = bytes.slice(12 + (nameOf(bytes) === "VP8X" ? 18 : 0));
  const body = joined([new TextEncoder().encode("WEBP"), chunk("VP8X", head), chunk("ICCP", profile), rest]);
  return chunk("RIFF", body);
}

function nameOf(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes.subarray(12, 16));
}

function chunk(name: string, data: Uint8Array): Uint8Array<ArrayBuffer> {
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, data.length, true);
  return joined([new TextEncoder().encode(name), length, data, new Uint8Array(data.length % 2)]);
}

// A colour profile in a WebP. Source: RFC 9649, section 2.

import { joined, type Raster } from "./raster";

const [PROFILE, ALPHA] = [0x20, 0x10]; // flags of an extended file
const HEAD = 12; // bytes of RIFF, its length, and WEBP

/** The file with this profile and no other, as the extended format that it then has to be. */
export function withProfile(bytes: Uint8Array<ArrayBuffer>, { width, height, channels, profile }: Raster): Uint8Array<ArrayBuffer> {
  if (profile === null) return bytes;
  const head = new Uint8Array(10);
  head[0] = PROFILE | (channels % 2 === 0 ? ALPHA : 0);
  [width - 1, height - 1].forEach((side, k) => {
    for (let byte = 0; byte < 3; byte++) head[4 + 3 * k + byte] = side >> (8 * byte);
  });
  const rest = [...chunks(bytes)].filter(([name]) => name !== "VP8X" && name !== "ICCP").map(([, chunk]) => chunk);
  return chunk("RIFF", joined([new TextEncoder().encode("WEBP"), chunk("VP8X", head), chunk("ICCP", profile), ...rest]));
}

/** Names, and chunks with name, length and padding. */
function* chunks(bytes: Uint8Array<ArrayBuffer>): Generator<[string, Uint8Array]> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = HEAD; at + 8 <= bytes.length; ) {
    const length = view.getUint32(at + 4, true);
    const end = at + 8 + length + (length % 2);
    yield [String.fromCharCode(...bytes.subarray(at, at + 4)), bytes.subarray(at, end)];
    at = end;
  }
}

function chunk(name: string, data: Uint8Array): Uint8Array<ArrayBuffer> {
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, data.length, true);
  return joined([new TextEncoder().encode(name), length, data, new Uint8Array(data.length % 2)]);
}

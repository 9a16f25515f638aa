// A ZIP of files as they are: pictures are compressed already. Source: PKWARE APPNOTE 6.3.10, without ZIP64.

import { Failure } from "../core/types";
import { crc32 } from "./crc32";

export interface Entry {
  name: string;
  blob: Blob;
}

const UTF8 = 0x0800; // flag: names are UTF-8
const MOST = 0xffff_ffff; // bytes, and 65,535 files, that can be told without ZIP64

/** Names are made different from each other. Throws a Failure for more than a ZIP can hold. */
export async function zip(entries: Entry[], now: Date): Promise<Blob> {
  const parts: BlobPart[] = [];
  const directory: Uint8Array<ArrayBuffer>[] = [];
  let at = 0;
  for (const { name, blob } of distinct(entries)) {
    const head = [20, UTF8, 0, ...stamp(now)];
    const title = new TextEncoder().encode(name);
    const tail = [await checksum(blob), blob.size, blob.size];
    const local = record(0x04034b50, head, tail, [title.length, 0], [], title);
    parts.push(local, blob);
    directory.push(record(0x02014b50, [20, ...head], tail, [title.length, 0, 0, 0, 0], [0, at], title));
    at += local.length + blob.size;
  }
  const size = directory.reduce((sum, one) => sum + one.length, 0);
  if (at + size > MOST || entries.length > 0xffff) throw new Failure({ key: "zip_too_large" });
  const end = record(0x06054b50, [0, 0, entries.length, entries.length], [size, at], [0], [], new Uint8Array());
  return new Blob([...parts, ...directory, end], { type: "application/zip" });
}

/** A record: its signature, then numbers of 2 bytes, of 4, of 2 and of 4 again, then a name. */
function record(sign: number, a: number[], b: number[], c: number[], d: number[], name: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(4 + 2 * (a.length + c.length) + 4 * (b.length + d.length) + name.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, sign, true);
  let at = 4;
  for (const [words, width] of [[a, 2], [b, 4], [c, 2], [d, 4]] as const) {
    for (const word of words) {
      if (width === 2) view.setUint16(at, word, true);
      else view.setUint32(at, word, true);
      at += width;
    }
  }
  bytes.set(name, at);
  return bytes;
}

/** Time and date of MS-DOS. */
function stamp(now: Date): [number, number] {
  const time = (now.getHours() << 11) | (now.getMinutes() << 5) | (now.getSeconds() >> 1);
  return [time, ((now.getFullYear() - 1980) << 9) | ((now.getMonth() + 1) << 5) | now.getDate()];
}

async function checksum(blob: Blob): Promise<number> {
  let crc = 0;
  const reader = blob.stream().getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return crc;
    crc = crc32(value, crc);
  }
}

function distinct(entries: Entry[]): Entry[] {
  const taken = new Set<string>();
  return entries.map(({ name, blob }) => {
    let own = name;
    for (let k = 2; taken.has(own.toLowerCase()); k++) own = name.replace(/(\.[^.]*)?$/, ` (${k})$1`);
    taken.add(own.toLowerCase());
    return { name: own, blob };
  });
}

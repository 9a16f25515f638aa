// The orientation in EXIF data. Source: TIFF 6.0, section 2; tag 274.

const ORIENTATION = 274;

/** Whether a picture with this EXIF data is not upright as it is stored. */
export function isTurned(exif: Uint8Array): boolean {
  const view = new DataView(exif.buffer, exif.byteOffset, exif.byteLength);
  if (view.byteLength < 14) return false;
  const little = view.getUint16(0) === 0x4949;
  const folder = view.getUint32(4, little);
  if (folder + 2 > view.byteLength) return false;
  for (let k = 0, at = folder + 2; k < view.getUint16(folder, little) && at + 12 <= view.byteLength; k++, at += 12) {
    if (view.getUint16(at, little) === ORIENTATION) return view.getUint16(at + 8, little) > 1;
  }
  return false;
}

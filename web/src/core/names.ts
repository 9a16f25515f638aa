// Names of files by their type.

const EXTENSIONS: Record<string, string> = {
  "image/png": "png",
  "image/jpeg": "jpg",
  "image/webp": "webp",
  "image/tiff": "tif",
  "image/avif": "avif",
  "image/bmp": "bmp",
  "image/gif": "gif",
  "image/heic": "heic",
  "image/heif": "heif",
};
const PICTURES = /\.(png|jpe?g|jpe|webp|tiff?|avif|bmp|gif|hei[cf])$/i;

/** Of a file with this type. */
export function extension(type: string): string {
  return EXTENSIONS[type.split(";")[0]] ?? "png";
}

export function isPicture(file: File): boolean {
  return file.type.startsWith("image/") || PICTURES.test(file.name);
}

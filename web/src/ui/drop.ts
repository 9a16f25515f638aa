// Pictures come in: dropped anywhere on the page, pasted, or chosen.

import { isPicture } from "../core/names";
import type { Store } from "../core/store";
import { announce } from "./announce";
import { find } from "./find";

let count = 0;

export function drop(store: Store): void {
  const place = find("#drop");
  const field = find<HTMLInputElement>("#files");
  field.addEventListener("change", () => {
    add(store, [...(field.files ?? [])]);
    field.value = "";
  });
  document.addEventListener("paste", (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (files.length) add(store, files);
  });
  document.addEventListener("dragover", (event) => {
    event.preventDefault();
    place.classList.add("over");
  });
  document.addEventListener("dragleave", (event) => {
    if (event.relatedTarget === null) place.classList.remove("over");
  });
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    place.classList.remove("over");
    add(store, [...(event.dataTransfer?.files ?? [])]);
  });
}

function add(store: Store, files: File[]): void {
  const pictures = files.filter(isPicture);
  const others = files.filter((file) => !isPicture(file));
  for (const file of pictures) {
    const address = URL.createObjectURL(file);
    const item = { id: ++count, file, address, size: null, state: "waiting", progress: 0, fault: null, result: null } as const;
    store.items.push({ ...item });
    measure(store, store.items[store.items.length - 1]);
  }
  if (others.length) announce({ key: "said_refused", with: { names: others.map(({ name }) => name).join(", ") } });
  else announce({ key: "said_added", with: { count: pictures.length } });
  store.changed();
}

/** The upright size, where the browser can read the picture. */
function measure(store: Store, item: Store["items"][number]): void {
  const image = new Image();
  image.onload = () => {
    item.size = [image.naturalWidth, image.naturalHeight];
    if (!store.shown) store.shown = item;
    store.changed();
  };
  image.src = item.address;
}

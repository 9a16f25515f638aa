// The list of pictures: what each becomes, how far it is, and what can be done with it.

import { zip } from "../codec/zip";
import { resultName } from "../core/queue";
import { resultSize, text, type Item, type Store } from "../core/store";
import { Failure } from "../core/types";
import { onLanguage, said, t, translate } from "../i18n";
import { announce, banner } from "./announce";
import { find } from "./find";

const rows = new Map<Item, HTMLElement>();

export function list(store: Store): () => void {
  onLanguage(() => rows.forEach((row) => translate(row)));
  find("#clear").addEventListener("click", () => {
    store.stop?.abort(new DOMException("stopped", "AbortError"));
    for (const item of store.items) store.remove(item);
    find("#files").focus();
  });
  find("#download-all").addEventListener("click", () => void downloadAll(store));
  return () => draw(store);
}

function draw(store: Store): void {
  const place = find("#list");
  for (const [item, row] of rows) {
    if (store.items.includes(item)) continue;
    row.remove();
    rows.delete(item);
  }
  for (const item of store.items) {
    const row = rows.get(item) ?? made(store, item);
    if (!row.isConnected) place.append(row);
    update(store, item, row);
  }
  find("#list-empty").hidden = store.items.length > 0;
  find<HTMLButtonElement>("#clear").disabled = store.items.length === 0;
  find<HTMLButtonElement>("#download-all").disabled = !store.items.some(({ result }) => result);
}

function made(store: Store, item: Item): HTMLElement {
  const row = find<HTMLTemplateElement>("#item").content.firstElementChild?.cloneNode(true) as HTMLElement;
  rows.set(item, row);
  translate(row);
  const thumb = find<HTMLImageElement>(".thumb", row);
  thumb.src = item.address;
  thumb.onerror = () => thumb.removeAttribute("src");
  find(".name", row).textContent = item.file.name;
  find(".name", row).title = item.file.name;
  find(".compare", row).addEventListener("click", () => {
    store.shown = item;
    store.changed();
    find("#viewer").scrollIntoView({ block: "nearest" });
    find("#split").focus({ preventScroll: true });
  });
  find(".remove", row).addEventListener("click", () => {
    const next = (row.nextElementSibling ?? row.previousElementSibling)?.querySelector<HTMLElement>(".remove");
    if (item.state === "running" && store.stop) store.stop.abort(new DOMException("stopped", "AbortError"));
    else store.remove(item);
    (item.state === "running" ? find(".remove", row) : (next ?? find("#files"))).focus();
  });
  return row;
}

function update(store: Store, item: Item, row: HTMLElement): void {
  const { state, result, size } = item;
  const name = item.file.name;
  row.dataset.state = state;
  row.classList.toggle("chosen", store.shown === item);
  const after = result?.size ?? (size && resultSize(size, store.wish.factor));
  find(".sizes", row).textContent = size && after ? t("result_size", { before: text(size), after: text(after) }) : "";
  const progress = find<HTMLProgressElement>("progress", row);
  progress.hidden = state !== "running";
  progress.setAttribute("aria-label", t("progress_name", { name }));
  if (item.progress > 0) progress.value = item.progress;
  else progress.removeAttribute("value"); // how long the beginning takes is not known
  find(".state", row).textContent = stateOf(item);
  find(".state", row).lang = item.fault && "text" in item.fault ? "en" : document.documentElement.lang;
  notes(item, find(".notes", row));
  const compare = find<HTMLButtonElement>(".compare", row);
  compare.disabled = result === null;
  compare.setAttribute("aria-label", t("compare_name", { name }));
  download(item, find<HTMLAnchorElement>(".download", row));
  const label = t(state === "running" ? "stop_name" : "remove_name", { name });
  const remove = find(".remove", row);
  remove.setAttribute("aria-label", label);
  remove.title = label;
}

function stateOf({ state, progress, fault, result }: Item): string {
  if (state === "failed" && fault) return said(fault);
  if (state === "running") return t("state_running", { percent: Math.round(100 * progress) });
  if (state === "done" && result) return `${t("state_done")} · ${result.engine}`;
  return t(`state_${state}`);
}

function notes({ result }: Item, place: HTMLElement): void {
  const texts = (result?.notes ?? []).map(said);
  if ([...place.children].map((note) => note.textContent).join("\n") === texts.join("\n")) return;
  place.replaceChildren(
    ...texts.map((text, k) => {
      const note = document.createElement("li");
      note.textContent = text;
      if (result && "text" in result.notes[k]) note.lang = "en";
      return note;
    }),
  );
}

function download(item: Item, link: HTMLAnchorElement): void {
  link.hidden = item.result === null;
  if (item.result === null) return;
  link.href = item.result.address;
  link.download = resultName(item);
  link.setAttribute("aria-label", t("download_name", { name: link.download }));
}

/** One ZIP of all results, made here. */
async function downloadAll(store: Store): Promise<void> {
  const done = store.items.filter(({ result }) => result !== null);
  try {
    const file = await zip(done.map((item) => ({ name: resultName(item), blob: item.result?.blob ?? new Blob() })), new Date());
    const address = URL.createObjectURL(file);
    const link = Object.assign(document.createElement("a"), { href: address, download: "pliant.zip" });
    link.click();
    setTimeout(() => URL.revokeObjectURL(address), 60_000);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    announce(error.sentence);
    banner(error.sentence);
  }
}

// Pictures are upscaled one after the other, on the server or here.

import { upscaleHere } from "../browser/client";
import { upscaleThere } from "../server/jobs";
import { Problem } from "../server/api";
import { extension } from "./names";
import { text, type Item, type Store } from "./store";
import { Failure, type Sentence, type Wish } from "./types";

export type Tell = (sentence: Sentence) => void;

/** All that is due, as it is wanted now. Returns when nothing is left or it was stopped. */
export async function run(store: Store, tell: Tell): Promise<void> {
  const wish = { ...store.wish };
  const due = store.due;
  const stop = (store.stop = new AbortController());
  for (const item of due) Object.assign(item, { state: "waiting", progress: 0, fault: null });
  store.changed();
  for (const item of due) {
    if (stop.signal.aborted || store.locked) break;
    if (store.items.includes(item)) await one(store, item, wish, stop.signal, tell);
  }
  store.stop = null;
  store.changed();
  const done = due.filter(({ state }) => state === "done").length;
  if (due.length > 1) tell({ key: "said_finished", with: { done, count: due.length } });
}

async function one(store: Store, item: Item, wish: Wish, signal: AbortSignal, tell: Tell): Promise<void> {
  const name = item.file.name;
  const advance = (share: number) => change(store, item, { state: "running", progress: share });
  advance(0);
  try {
    const made = await computed(store, item, wish, signal, advance);
    if (item.result) URL.revokeObjectURL(item.result.address);
    const result = { ...made, address: URL.createObjectURL(made.blob), wish };
    change(store, item, { state: "done", progress: 1, result, size: made.source ?? item.size });
    if (!store.shown || store.shown === item || !store.shown.result) store.shown = item;
    tell({ key: "said_done", with: { name, size: text(made.size) } });
  } catch (error) {
    if (signal.aborted) return change(store, item, { state: "cancelled" });
    if (error instanceof Problem && error.status === 401) {
      store.locked = true;
      return change(store, item, { state: "waiting" });
    }
    const fault = sentenceOf(error);
    change(store, item, { state: "failed", fault });
    tell({ key: "said_failed", with: { name, reason: "text" in fault ? fault.text : fault.key } });
  }
}

function computed(store: Store, item: Item, wish: Wish, signal: AbortSignal, advance: (share: number) => void) {
  const model = store.model;
  if (model === null) throw new Failure({ key: "unsuitable" });
  return wish.place === "browser"
    ? upscaleHere(item.file, model, wish, store.api, signal, advance)
    : upscaleThere(item.file, wish, store.api, signal, advance);
}

function change(store: Store, item: Item, values: Partial<Item>): void {
  Object.assign(item, values);
  store.changed();
}

function sentenceOf(error: unknown): Sentence {
  if (error instanceof Failure) return error.sentence;
  if (error instanceof TypeError) return { key: "offline" };
  return { text: error instanceof Error ? error.message : String(error) };
}

/** As `pliant upscale` names a result: the name of the source with the factor behind it. */
export function resultName({ file, result }: Item): string {
  const stem = file.name.replace(/\.[^.]*$/, "");
  return `${stem}_x${result?.wish.factor ?? ""}.${extension(result?.blob.type ?? "")}`;
}

// Everything that the page knows, in one place. Parts of the page change it, say so, and draw what it holds.

import { Api } from "../server/api";
import { recall } from "./remember";
import { scaled } from "./sizes";
import type { Model, Result, Sentence, Wish } from "./types";

export type State = "waiting" | "queued" | "running" | "done" | "failed" | "cancelled";

/** A picture of the list. Addresses are of blobs and hold until the item is removed. */
export interface Item {
  readonly id: number;
  readonly file: File;
  readonly address: string;
  /** [width, height]; null where the browser cannot tell. */
  size: [number, number] | null;
  state: State;
  progress: number;
  fault: Sentence | null;
  result: (Result & { address: string; wish: Wish }) | null;
}

export class Store {
  readonly api = new Api(document.baseURI, recall("token", "tab") ?? "");
  models: Model[] = [];
  wish: Wish = { model: "", place: "server", factor: 4, format: "", alpha: "network" };
  /** Whether what stands in the field is a factor that the model takes. */
  valid = true;
  items: Item[] = [];
  /** The one in the viewer. */
  shown: Item | null = null;
  /** Stops what runs; null if nothing does. */
  stop: AbortController | null = null;
  /** Whether a token has to be given first. */
  locked = false;
  readonly #listeners: (() => void)[] = [];
  #pending = false;

  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** Draws everything, once for all changes of a moment. */
  changed(): void {
    if (this.#pending) return;
    this.#pending = true;
    queueMicrotask(() => {
      this.#pending = false;
      for (const listener of this.#listeners) listener();
    });
  }

  get model(): Model | null {
    return this.models.find(({ name }) => name === this.wish.model) ?? null;
  }

  /** Pictures whose result is missing, or not what is wanted now. */
  get due(): Item[] {
    const wanted = JSON.stringify(this.wish);
    return this.items.filter(({ result }) => result === null || JSON.stringify(result.wish) !== wanted);
  }

  remove(item: Item): void {
    this.items = this.items.filter((other) => other !== item);
    if (this.shown === item) this.shown = null;
    URL.revokeObjectURL(item.address);
    if (item.result) URL.revokeObjectURL(item.result.address);
    this.changed();
  }
}

/** The size of the result at a factor. */
export function resultSize(size: [number, number], factor: number): [number, number] {
  return [scaled(size[0], factor), scaled(size[1], factor)];
}

export function text(size: [number, number]): string {
  return `${size[0].toLocaleString("en")} × ${size[1].toLocaleString("en")}`;
}

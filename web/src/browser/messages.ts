// What the page and its worker say to each other.

import type { Model, Sentence, Wish } from "../core/types";

export interface Order {
  id: number;
  file: File;
  model: Model;
  wish: Wish;
  /** Where the server's paths begin, and what it wants to be told. */
  root: string;
  token: string;
}

export type News =
  | { id: number; what: "progress"; share: number }
  | { id: number; what: "done"; blob: Blob; size: [number, number]; source: [number, number]; engine: string; notes: Sentence[] }
  | { id: number; what: "failed"; sentence: Sentence; status?: number };

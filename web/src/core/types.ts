// What the server tells and what the page works with.

export interface Dim {
  name: string | null;
  size: number | null;
  minimum: number;
  multiple: number;
}

export interface Input {
  name: string;
  dtype: string;
  dims: Dim[];
  role: "image" | "value" | "tensor";
  values: { minimum: number | null; maximum: number | null };
}

export interface ImageConvention {
  colours: "RGB" | "BGR" | "GREY";
  minimum: number;
  maximum: number;
  rounding: "half up" | "truncate";
}

export interface Contract {
  inputs: Input[];
  image: ImageConvention | null;
  factor: string | null;
  scale: number | null;
  notes: string[];
}

export interface Model {
  name: string;
  default: boolean;
  engine: string;
  factor: { minimum: number; maximum: number; default: number; live: boolean };
  contract: Contract;
  licence: string;
  bytes: number;
  file: string;
}

/** How far a network looks, in pixels of the source, and where tiles may begin. */
export interface Locality {
  radius: [number, number];
  step: number;
  exact: boolean;
}

export interface Plan {
  source_size: [number, number];
  result_size: [number, number];
  memory: number | null;
  seconds: number | null;
  notes: string[];
}

export interface ProblemDetails {
  title: string;
  status: number;
  detail?: string;
}

export interface Job {
  id: string;
  state: "queued" | "running" | "done" | "failed" | "cancelled";
  progress: number;
  source_size: [number, number] | null;
  result_size: [number, number] | null;
  result: string | null;
  problem: ProblemDetails | null;
  notes: string[];
}

export type Format = "png" | "jpeg" | "webp" | "tiff" | "avif" | "bmp" | "gif";
export type Alpha = "network" | "resize";
export type Place = "server" | "browser";

/** What a user wants of every picture. An empty format is that of the picture. */
export interface Wish {
  model: string;
  place: Place;
  factor: number;
  format: Format | "";
  alpha: Alpha;
}

/** A sentence of the page: its key and what goes into it; or one of the server's, as it is. */
export type Sentence = { key: string; with?: Record<string, string | number> } | { text: string };

/** A finished picture. Sizes are [width, height]. */
export interface Result {
  blob: Blob;
  size: [number, number];
  source: [number, number] | null;
  engine: string;
  notes: Sentence[];
}

/** A failure with a sentence for people. */
export class Failure extends Error {
  constructor(readonly sentence: Sentence) {
    super("text" in sentence ? sentence.text : sentence.key);
  }
}

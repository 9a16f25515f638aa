// A session as a function from picture to picture, as pliant.imaging.network.

import type { InferenceSession } from "onnxruntime-common";
import { scaled } from "../core/sizes";
import { Failure, type Contract, type Dim, type ImageConvention, type Input } from "../core/types";
import { crop, type Values } from "./pixels";
import type { Runtime } from "./runtime";

export interface Network {
  image: ImageConvention;
  picture: Input;
  /** What the sides of a crop's corner are multiples of. */
  multiple: number;
  /** The factor that the network computes with for the one that is wanted. */
  used(factor: number): number;
  /** `factor` in the precision of the model's input. */
  rounded(factor: number): number;
  /** Values upscaled to floor(side * factor); sides that the model does not take are extended by repeating the edge. */
  run(values: Values, factor: number): Promise<Values>;
}

/** Throws a Failure if a model cannot be run here. */
export function network(runtime: Runtime, session: InferenceSession, contract: Contract, scale: number): Network {
  const picture = contract.inputs.find((input) => input.role === "image");
  const factor = contract.inputs.find((input) => input.name === contract.factor) ?? null;
  if (!picture || picture.dtype !== "float32" || picture.dims.slice(2).some((dim) => dim.size !== null)) {
    throw new Failure({ key: "unsuitable" });
  }
  const own = contract.scale ?? scale;
  return {
    image: contract.image ?? { colours: "RGB", minimum: 0, maximum: 1, rounding: "half up" },
    picture,
    multiple: Math.max(...picture.dims.slice(2).map((dim) => Math.max(1, dim.multiple))),
    rounded: (wanted) => (factor?.dtype === "float32" ? Math.fround(wanted) : wanted),
    used: (wanted) => (factor === null ? own : /int/.test(factor.dtype) ? Math.ceil(wanted) : wanted),
    async run(values, by) {
      const { width, height, channels } = values;
      const [tall, wide] = [extended(picture.dims[2], height), extended(picture.dims[3], width)];
      const given = wide === width && tall === height ? values : crop(values, 0, 0, wide, tall);
      const feeds = { [picture.name]: new runtime.tensor("float32", given.data, [1, channels, tall, wide]) };
      if (factor !== null) Object.assign(feeds, { [factor.name]: factorTensor(runtime, factor, by) });
      const output = (await session.run(feeds))[session.outputNames[0]];
      const made = { channels, width: output.dims[3], height: output.dims[2], data: output.data as Values["data"] };
      // summed as numbers: infinite ones and NaN stay
      if (!Number.isFinite(made.data.reduce((sum, value) => sum + value, 0))) throw new Failure({ key: "not_finite" });
      return crop(made, 0, 0, scaled(width, by), scaled(height, by));
    },
  };
}

/** The smallest length, at least this one, that the model takes. */
function extended(dim: Dim, side: number): number {
  return Math.ceil(Math.max(side, dim.minimum) / dim.multiple) * dim.multiple;
}

/** A number, or the vector of scales that older exports take: the last two are for height and width. */
function factorTensor(runtime: Runtime, input: Input, factor: number): InstanceType<Runtime["tensor"]> {
  const length = input.dims.length ? (input.dims[0].size ?? 1) : 1;
  const numbers = Array.from({ length }, (_, k) => (k < length - 2 ? 1 : factor));
  const dims = input.dims.length ? [length] : [];
  switch (input.dtype) {
    case "float64":
      return new runtime.tensor("float64", Float64Array.from(numbers), dims);
    case "float32":
      return new runtime.tensor("float32", Float32Array.from(numbers), dims);
    case "int64":
      return new runtime.tensor("int64", BigInt64Array.from(numbers.map(BigInt)), dims);
    case "int32":
      return new runtime.tensor("int32", Int32Array.from(numbers), dims);
    default:
      throw new Failure({ key: "unsuitable" });
  }
}

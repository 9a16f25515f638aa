// A network on pictures of any size: in tiles that equal the whole, or in one piece where there are no such tiles.

import { denominator, lcm, scaled } from "../core/sizes";
import { Failure, type Locality } from "../core/types";
import { tilesEqualTheWhole } from "./check";
import type { Network } from "./network";
import { crop, type Values } from "./pixels";
import { spans, type Span } from "./tiling";
import type { Compute } from "./upscale";

const TILE = 2 ** 18; // pixels of a result that are computed at once, where there are tiles
export const AT_ONCE = 2 ** 19; // up to which there are none
export const WHOLE = 3_000_000; // the most that are computed in one piece: WebAssembly has 4 GB at most

export interface Asked {
  network: Network;
  size: [number, number];
  /** What the network computes with. */
  factor: number;
  locality(): Promise<Locality>;
  /** Called with the share of one pass that is done. */
  advance(share: number): void;
}

export interface Way {
  compute: Compute;
  tiles: number;
}

/** How a picture of this size is computed. Throws a Failure if it is too large for one piece and has no exact tiles. */
export async function way(asked: Asked): Promise<Way> {
  const { network, size, factor } = asked;
  const pixels = scaled(size[0], factor) * scaled(size[1], factor);
  const whole: Way = { tiles: 1, compute: (values) => network.run(values, factor) };
  if (pixels <= AT_ONCE) return whole;
  const columnsAndRows = await tiled(asked);
  if (columnsAndRows !== null) {
    const [columns, rows] = columnsAndRows;
    return { tiles: columns.length * rows.length, compute: (values) => inTiles(asked, values, columns, rows) };
  }
  if (pixels <= WHOLE) return whole;
  throw new Failure({ key: "no_tiles", with: { factor, pixels: (pixels / 1e6).toFixed(1), most: WHOLE / 1e6 } });
}

async function tiled({ network, size, factor, locality }: Asked): Promise<[Span[], Span[]] | null> {
  const repeat = denominator(factor, Math.max(...size));
  if (repeat === null) return null;
  const { radius, step: own, exact } = await locality();
  if (!exact) return null;
  const step = lcm(lcm(repeat, own), network.multiple);
  if (!(await tilesEqualTheWhole(network, factor, Math.max(...radius), step))) return null;
  const longest = Math.sqrt(TILE) / factor;
  return [spans(size[0], factor, radius[1], step, longest), spans(size[1], factor, radius[0], step, longest)];
}

async function inTiles(asked: Asked, values: Values, columns: Span[], rows: Span[]): Promise<Values> {
  const [width, height] = [scaled(values.width, asked.factor), scaled(values.height, asked.factor)];
  const data = new Float32Array(values.channels * width * height);
  const result: Values = { channels: values.channels, width, height, data };
  let done = 0;
  for (const row of rows) {
    for (const column of columns) {
      const [left, above] = [column.crop[0], row.crop[0]];
      const part = crop(values, left, above, column.crop[1] - left, row.crop[1] - above);
      put(await asked.network.run(part, asked.factor), result, column, row);
      asked.advance(++done / (rows.length * columns.length));
    }
  }
  return result;
}

/** The own pixels of a tile's result in that of the whole. */
function put(part: Values, whole: Values, column: Span, row: Span): void {
  const [first, last] = [column.own[0] - column.offset, column.own[1] - column.offset];
  for (let c = 0; c < whole.channels; c++) {
    for (let y = row.own[0]; y < row.own[1]; y++) {
      const from = (c * part.height + y - row.offset) * part.width;
      whole.data.set(part.data.subarray(from + first, from + last), (c * whole.height + y) * whole.width + column.own[0]);
    }
  }
}

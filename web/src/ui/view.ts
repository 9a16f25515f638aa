// Where a picture lies on the stage: arithmetic without a document.

/** Pixels of the stage for each pixel of the picture, and where its corner is. */
export interface View {
  scale: number;
  x: number;
  y: number;
}

type Pair = [number, number];

const MOST = 32; // pixels of the screen for a pixel of the result
const KEPT = 40; // pixels of a picture that stay visible

/** The whole picture in the middle, not enlarged beyond 8 pixels each. */
export function fit(stage: Pair, picture: Pair): View {
  const scale = Math.min(stage[0] / picture[0], stage[1] / picture[1], 8);
  return centred(stage, picture, scale);
}

export function centred(stage: Pair, picture: Pair, scale: number): View {
  return { scale, x: (stage[0] - picture[0] * scale) / 2, y: (stage[1] - picture[1] * scale) / 2 };
}

/** `times` as large, with the point `at` of the stage where it is. */
export function zoomed(view: View, times: number, at: Pair, stage: Pair, picture: Pair): View {
  const least = Math.min(fit(stage, picture).scale, 1) / 2;
  const scale = Math.min(MOST, Math.max(least, view.scale * times));
  const ratio = scale / view.scale;
  return kept({ scale, x: at[0] - (at[0] - view.x) * ratio, y: at[1] - (at[1] - view.y) * ratio }, stage, picture);
}

export function moved(view: View, x: number, y: number, stage: Pair, picture: Pair): View {
  return kept({ ...view, x: view.x + x, y: view.y + y }, stage, picture);
}

/** Not moved out of sight. */
function kept(view: View, stage: Pair, picture: Pair): View {
  const between = (value: number, length: number, room: number) =>
    Math.min(room - KEPT, Math.max(KEPT - length * view.scale, value));
  return { ...view, x: between(view.x, picture[0], stage[0]), y: between(view.y, picture[1], stage[1]) };
}

// Mouse, wheel, fingers and keys as moves and zooms of a stage.

export interface Moves {
  move(x: number, y: number): void;
  /** Around a point of the stage, or its middle. */
  zoom(times: number, at?: [number, number]): void;
  fit(): void;
  pixel(): void;
}

const STEP = 60; // pixels that an arrow key moves
const TIMES = 1.25;

export function gestures(stage: HTMLElement, moves: Moves): void {
  pointers(stage, moves);
  stage.addEventListener("wheel", (event) => {
    event.preventDefault();
    moves.zoom(Math.exp(-event.deltaY * (event.deltaMode === 1 ? 0.05 : 0.0015)), place(stage, event));
  }, { passive: false });
  stage.addEventListener("dblclick", (event) => {
    if (event.target !== event.currentTarget && (event.target as HTMLElement).matches("input")) return;
    moves.zoom(2, place(stage, event));
  });
  stage.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const arrows = event.target === stage; // those of the slider are its own
    const done = zoomKey(event.key, moves) || (arrows && moveKey(event.key, moves));
    if (done) event.preventDefault();
  });
}

function zoomKey(key: string, moves: Moves): boolean {
  if (key === "+" || key === "=") moves.zoom(TIMES);
  else if (key === "-") moves.zoom(1 / TIMES);
  else if (key === "0") moves.fit();
  else if (key === "1") moves.pixel();
  else return false;
  return true;
}

function moveKey(key: string, moves: Moves): boolean {
  const ways: Record<string, [number, number]> = {
    ArrowLeft: [STEP, 0],
    ArrowRight: [-STEP, 0],
    ArrowUp: [0, STEP],
    ArrowDown: [0, -STEP],
  };
  if (!(key in ways)) return false;
  moves.move(...ways[key]);
  return true;
}

function place(stage: HTMLElement, event: MouseEvent): [number, number] {
  const box = stage.getBoundingClientRect();
  return [event.clientX - box.left, event.clientY - box.top];
}

/** One pointer moves, two zoom around the middle between them. */
function pointers(stage: HTMLElement, moves: Moves): void {
  const held = new Map<number, [number, number]>();
  stage.addEventListener("pointerdown", (event) => {
    if ((event.target as HTMLElement).matches("input") || event.button > 0) return;
    stage.setPointerCapture(event.pointerId);
    held.set(event.pointerId, place(stage, event));
    stage.classList.add("dragging");
  });
  stage.addEventListener("pointermove", (event) => {
    const before = held.get(event.pointerId);
    if (!before) return;
    const now = place(stage, event);
    const other = [...held].find(([id]) => id !== event.pointerId)?.[1];
    if (other) {
      const middle: [number, number] = [(now[0] + other[0]) / 2, (now[1] + other[1]) / 2];
      moves.zoom(distance(now, other) / Math.max(1, distance(before, other)), middle);
    }
    const share = other ? 0.5 : 1;
    moves.move((now[0] - before[0]) * share, (now[1] - before[1]) * share);
    held.set(event.pointerId, now);
  });
  for (const end of ["pointerup", "pointercancel"] as const) {
    stage.addEventListener(end, (event) => {
      held.delete(event.pointerId);
      stage.classList.toggle("dragging", held.size > 0);
    });
  }
}

function distance(a: [number, number], b: [number, number]): number {
  return Math.hypot(a[0] - b[0], a[1] - b[1]);
}

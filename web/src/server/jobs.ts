// One picture upscaled by the server: a job, its events, its result.

import { Failure, type Job, type Result, type Wish } from "../core/types";
import { Problem, type Api } from "./api";
import { events } from "./events";

const PATIENCE = [1, 2, 4, 8, 15, 30]; // seconds, where the server does not say when to ask again

/** Throws a Problem or a Failure. Stopping removes the job from the server. One without jobs does it in one request. */
export async function upscaleThere(
  file: File, wish: Wish, api: Api, signal: AbortSignal, advance: (share: number) => void,
): Promise<Result> {
  const job = await started(file, wish, api, signal);
  if (job === null) return atOnce(file, wish, api, signal);
  const path = `v1/jobs/${encodeURIComponent(job.id)}`;
  try {
    const done = await finished(job, path, api, signal, advance);
    return await received(await api.ask(`${path}/result`, { signal }), done.notes);
  } finally {
    // the page has the result, or wants none: nothing stays behind
    await api.ask(path, { method: "DELETE", keepalive: true }).catch(() => undefined);
  }
}

async function atOnce(file: File, wish: Wish, api: Api, signal: AbortSignal): Promise<Result> {
  const answer = await patiently(signal, () => api.ask(`v1/upscale?${asked(wish)}`, { ...post(file), signal }));
  return received(answer, JSON.parse(answer.headers.get("Pliant-Notes") ?? "[]") as string[]);
}

/** The new job, or null where the server has no jobs. */
async function started(file: File, wish: Wish, api: Api, signal: AbortSignal): Promise<Job | null> {
  try {
    return await patiently(signal, () => api.json<Job>(`v1/jobs?${asked(wish)}`, { ...post(file), signal }));
  } catch (error) {
    if (error instanceof Problem && error.status === 404) return null;
    throw error;
  }
}

/** What `ask` gives, which is asked again later where the server is busy. */
async function patiently<T>(signal: AbortSignal, ask: () => Promise<T>): Promise<T> {
  for (let tried = 0; ; tried++) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof Problem && error.status === 429) || tried === PATIENCE.length) throw error;
      await pause(PATIENCE[tried], signal);
    }
  }
}

function asked(wish: Wish): URLSearchParams {
  const made = new URLSearchParams({ factor: `${wish.factor}`, model: wish.model, alpha: wish.alpha });
  if (wish.format) made.set("format", wish.format);
  return made;
}

function post(file: File): RequestInit {
  const type = file.type.startsWith("image/") ? file.type : "application/octet-stream";
  return { method: "POST", body: file, headers: { "Content-Type": type } };
}

async function received(answer: Response, notes: string[]): Promise<Result> {
  return {
    blob: await answer.blob(),
    size: pair(answer.headers.get("Pliant-Size")) ?? [0, 0],
    source: pair(answer.headers.get("Pliant-Source-Size")),
    engine: answer.headers.get("Pliant-Engine") ?? "",
    notes: notes.map((text) => ({ text })),
  };
}

/** The job when it is done. A connection that ends before is made again. */
async function finished(
  job: Job, path: string, api: Api, signal: AbortSignal, advance: (share: number) => void,
): Promise<Job> {
  for (let lost = 0; lost < PATIENCE.length; lost++) {
    try {
      const answer = await api.ask(`${path}/events`, { signal, headers: { Accept: "text/event-stream" } });
      for await (const data of events(answer, "job")) {
        job = JSON.parse(data) as Job;
        if (job.state === "done") return job;
        if (job.state === "failed") throw new Problem(job.problem?.status ?? 500, job.problem?.detail ?? "?");
        if (job.state === "cancelled") throw new Failure({ key: "cancelled_there" });
        advance(job.progress);
      }
    } catch (error) {
      if (signal.aborted || error instanceof Problem || error instanceof Failure) throw error;
    }
    await pause(PATIENCE[lost], signal);
  }
  throw new Failure({ key: "unreachable" });
}

function pause(seconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, 1000 * seconds);
    signal.addEventListener("abort", () => (clearTimeout(timer), reject(signal.reason)), { once: true });
  });
}

function pair(text: string | null): [number, number] | null {
  const found = /^(\d+)x(\d+)$/.exec(text ?? "");
  return found ? [Number(found[1]), Number(found[2])] : null;
}

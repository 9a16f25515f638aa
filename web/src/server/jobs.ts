// One picture upscaled by the server: a job, its events, its result.

import { Failure, type Job, type Result, type Wish } from "../core/types";
import { Problem, type Api } from "./api";
import { events } from "./events";

const PATIENCE = [1, 2, 4, 8, 15, 30]; // seconds, where the server does not say when to ask again

/** Throws a Problem or a Failure. Stopping removes the job from the server. */
export async function upscaleThere(
  file: File, wish: Wish, api: Api, signal: AbortSignal, advance: (share: number) => void,
): Promise<Result> {
  const job = await started(file, wish, api, signal);
  const path = `v1/jobs/${encodeURIComponent(job.id)}`;
  try {
    const done = await finished(job, path, api, signal, advance);
    const answer = await api.ask(`${path}/result`, { signal });
    return {
      blob: await answer.blob(),
      size: done.result_size ?? pair(answer.headers.get("Pliant-Size")) ?? [0, 0],
      source: done.source_size ?? pair(answer.headers.get("Pliant-Source-Size")),
      engine: answer.headers.get("Pliant-Engine") ?? "",
      notes: done.notes.map((text) => ({ text })),
    };
  } finally {
    // the page has the result, or wants none: nothing stays behind
    await api.ask(path, { method: "DELETE", keepalive: true }).catch(() => undefined);
  }
}

async function started(file: File, wish: Wish, api: Api, signal: AbortSignal): Promise<Job> {
  const asked = new URLSearchParams({ factor: `${wish.factor}`, model: wish.model, alpha: wish.alpha });
  if (wish.format) asked.set("format", wish.format);
  const headers = { "Content-Type": file.type.startsWith("image/") ? file.type : "application/octet-stream" };
  for (let tried = 0; ; tried++) {
    try {
      return await api.json<Job>(`v1/jobs?${asked}`, { method: "POST", body: file, headers, signal });
    } catch (error) {
      if (!(error instanceof Problem && error.status === 429) || tried === PATIENCE.length) throw error;
      await pause(PATIENCE[tried], signal);
    }
  }
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

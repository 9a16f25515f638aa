// The server's HTTP interface: paths are relative to where the page lies.

import type { Model, Plan, ProblemDetails } from "../core/types";

/** What the server refused, in its own words. */
export class Problem extends Error {
  constructor(readonly status: number, detail: string) {
    super(detail);
  }
}

export class Api {
  constructor(readonly root: string, public token = "") {}

  /** A request with the token, if there is one. Throws a Problem for every answer that is an error. */
  async ask(path: string, options: RequestInit = {}): Promise<Response> {
    const headers = new Headers(options.headers);
    if (this.token) headers.set("Authorization", `Bearer ${this.token}`);
    const address = new URL(path.replace(/^\//, ""), this.root);
    const answer = await fetch(address, { ...options, headers, redirect: "error" });
    if (!answer.ok) throw new Problem(answer.status, await explained(answer));
    return answer;
  }

  async json<T>(path: string, options: RequestInit = {}): Promise<T> {
    return (await this.ask(path, options)).json() as Promise<T>;
  }

  async bytes(path: string): Promise<Uint8Array> {
    return new Uint8Array(await (await this.ask(path)).arrayBuffer());
  }

  async models(): Promise<Model[]> {
    return (await this.json<{ models: Model[] }>("v1/models")).models;
  }

  plan(size: [number, number], factor: number, model: string, signal: AbortSignal): Promise<Plan> {
    const asked = new URLSearchParams({ width: `${size[0]}`, height: `${size[1]}`, factor: `${factor}`, model });
    return this.json<Plan>(`v1/plan?${asked}`, { signal });
  }
}

async function explained(answer: Response): Promise<string> {
  const kind = answer.headers.get("Content-Type") ?? "";
  if (!kind.includes("json")) return `${answer.status} ${answer.statusText}`;
  const problem = (await answer.json()) as ProblemDetails;
  return problem.detail ?? problem.title ?? `${answer.status}`;
}

// Server-sent events through fetch, which unlike EventSource can send a token.

/** The data of each event called `name`, until the server ends. Source of the format: WHATWG HTML, 9.2.6. */
export async function* events(answer: Response, name: string): AsyncGenerator<string> {
  if (answer.body === null) return;
  let [kind, data] = ["message", [] as string[]];
  for await (const line of lines(answer.body)) {
    if (line === "") {
      if (data.length && kind === name) yield data.join("\n");
      [kind, data] = ["message", []];
    } else if (!line.startsWith(":")) {
      const [field, value] = split(line);
      if (field === "event") kind = value;
      else if (field === "data") data.push(value);
    }
  }
}

function split(line: string): [string, string] {
  const colon = line.indexOf(":");
  return colon < 0 ? [line, ""] : [line.slice(0, colon), line.slice(colon + 1).replace(/^ /, "")];
}

async function* lines(body: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<string> {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      rest += value;
      // a carriage return at the end may be the first half of a line's end
      const held = rest.endsWith("\r") ? "\r" : "";
      const found = rest.slice(0, rest.length - held.length).split(/\r\n|\n|\r/);
      rest = (found.pop() ?? "") + held;
      yield* found;
    }
  } finally {
    await reader.cancel();
  }
}

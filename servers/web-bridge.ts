import type { IncomingMessage, ServerResponse } from "node:http";

/** Largest request body that is read. Bytes; the gateway refuses the same size. */
export const MAX_BODY_BYTES = 1024 * 1024;

export class BodyTooLargeError extends Error {
  constructor() {
    super(`the request body is larger than ${MAX_BODY_BYTES} bytes`);
    this.name = "BodyTooLargeError";
  }
}

/** The whole body as text. @throws BodyTooLargeError as soon as that is known, before the rest is read. */
export function readBody(request: IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const refuse = (): void => {
      // Read on without keeping anything: an answer over a connection that is cut gets lost.
      request.removeAllListeners("data").resume();
      reject(new BodyTooLargeError());
    };
    if (Number(request.headers["content-length"] ?? 0) > MAX_BODY_BYTES) return refuse();
    request.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size > MAX_BODY_BYTES) return refuse();
      chunks.push(chunk);
    });
    request.on("end", () => resolve(Buffer.concat(chunks).toString("utf8")));
    request.on("error", reject);
  });
}

/**
 * The web-standard request that the SDK's handlers take. It carries no body: that is parsed once and
 * passed beside it. Aborted when the client goes away before its answer is complete.
 */
export function toWebRequest(request: IncomingMessage, response: ServerResponse): Request {
  const headers = new Headers();
  for (const [name, value] of Object.entries(request.headers)) {
    if (value === undefined || name.startsWith(":")) continue;
    headers.set(name, Array.isArray(value) ? value.join(", ") : value);
  }
  const abort = new AbortController();
  response.once("close", () => {
    if (!response.writableFinished) abort.abort();
  });
  return new Request("http://server.invalid/mcp", {
    method: request.method ?? "GET",
    headers,
    signal: abort.signal,
  });
}

/** Sends a web-standard response. Resolves when it is complete or the client has gone away. */
export async function sendWebResponse(response: ServerResponse, answer: Response): Promise<void> {
  const headers = Object.fromEntries(answer.headers);
  if (answer.body === null) {
    response.writeHead(answer.status, headers).end();
    return;
  }
  if (headers["content-type"]?.startsWith("text/event-stream") !== true) {
    const body = Buffer.from(await answer.arrayBuffer());
    response.writeHead(answer.status, { ...headers, "content-length": body.length }).end(body);
    return;
  }
  response.writeHead(answer.status, headers);
  // A stream may be silent for long; its client waits for the headers.
  response.flushHeaders();
  await pump(answer.body, response);
}

async function pump(body: ReadableStream<Uint8Array>, response: ServerResponse): Promise<void> {
  const reader = body.getReader();
  const onClose = (): void => void reader.cancel().catch(() => undefined);
  response.once("close", onClose);
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done || response.destroyed) break;
      if (!response.write(value)) await drained(response);
    }
  } finally {
    response.off("close", onClose);
    response.end();
  }
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const settle = (): void => {
      response.off("drain", settle);
      response.off("close", settle);
      resolve();
    };
    response.on("drain", settle);
    response.on("close", settle);
  });
}

import http from "node:http";

/** One request as it goes over the wire. */
export interface Sent {
  readonly url: string;
  readonly method?: "POST" | "DELETE";
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly agent: http.Agent;
  /** Longest wait for the complete answer, ms. */
  readonly timeoutMs: number;
}

export interface Answer {
  readonly status: number;
  readonly session: string | undefined;
  readonly body: string;
}

/** Why there is no answer: `timeout`, or the code of the socket's error (`ECONNRESET`, ...). */
export class NoAnswerError extends Error {
  readonly reason: string;

  constructor(reason: string) {
    super(`no answer: ${reason}`);
    this.name = "NoAnswerError";
    this.reason = reason;
  }
}

/** Sends once, never again: what is lost has to show. @throws NoAnswerError */
export function exchange(sent: Sent): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      fail("timeout");
      request.destroy();
    }, sent.timeoutMs);
    const fail = (reason: string): void => {
      clearTimeout(timer);
      reject(new NoAnswerError(reason));
    };
    const codeOf = (error: NodeJS.ErrnoException): string => error.code ?? error.message;
    const request = http.request(
      sent.url,
      {
        method: sent.method ?? "POST",
        agent: sent.agent,
        headers: {
          ...sent.headers,
          ...(sent.body !== undefined && { "content-length": Buffer.byteLength(sent.body) }),
        },
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", (error) => fail(`answer broke off (${codeOf(error)})`));
        response.on("end", () => {
          clearTimeout(timer);
          const session = response.headers["mcp-session-id"];
          resolve({
            status: response.statusCode ?? 0,
            session: typeof session === "string" ? session : undefined,
            body: Buffer.concat(chunks).toString("utf8"),
          });
        });
      },
    );
    request.on("error", (error) => fail(codeOf(error)));
    request.end(sent.body);
  });
}

/** Why an answer to a tool call is no success; undefined if it is one. */
export function problemOf(answer: Answer): string | undefined {
  if (answer.status !== 200) return `HTTP ${answer.status}`;
  // An answer may come as an event stream of one message.
  const text = /^data: ?(\{.*)$/m.exec(answer.body)?.[1] ?? answer.body;
  try {
    const message = JSON.parse(text) as {
      readonly result?: {
        readonly isError?: boolean;
        readonly content?: readonly { readonly text?: string }[];
      };
      readonly error?: { readonly code?: number };
    };
    if (message.error) return `JSON-RPC ${message.error.code}`;
    if (!message.result) return "no result";
    if (!message.result.isError) return undefined;
    // Without the request's own number, so that equal reasons count as one.
    const said = message.result.content?.[0]?.text?.replace(/ \(.*/s, "").slice(0, 80) ?? "";
    return `tool error: ${said}`;
  } catch {
    return "not JSON";
  }
}

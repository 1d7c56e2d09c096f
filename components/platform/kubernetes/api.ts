import { request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import { FreshAccess, type Access } from "./access.ts";
import type { KubeAccess } from "./light-config.ts";
import type { List } from "./objects.ts";

export interface CallOptions {
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds. @default 30000 */
  readonly timeoutMs?: number;
}

interface Question extends CallOptions {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly body?: unknown;
}

/** The API server's own refusal. */
export class KubernetesApiError extends Error {
  /** HTTP status. */
  readonly status: number;
  /** Its word for it: `NotFound`, `Forbidden`, `Conflict` ... */
  readonly reason: string;

  constructor(status: number, reason: string, message: string) {
    super(message);
    this.name = "KubernetesApiError";
    this.status = status;
    this.reason = reason;
  }
}

function isNotFound(error: unknown): boolean {
  return error instanceof KubernetesApiError && error.status === 404;
}

/**
 * The REST interface of one API server, as JSON. The client library's own classes parse every object into models and
 * open a connection per call; gates ask several times a second.
 */
export class KubernetesApi {
  readonly #config: KubeAccess;
  readonly #access: FreshAccess;
  #skewMs = 0;

  constructor(config: KubeAccess) {
    this.#config = config;
    this.#access = new FreshAccess(config);
  }

  /** Milliseconds since 1970 by the cluster's clock, as its last answer told: exact to a second. */
  now(): number {
    return Date.now() + this.#skewMs;
  }

  get<Answer>(path: string, options: CallOptions = {}): Promise<Answer> {
    return this.#json(path, { method: "GET", ...options });
  }

  /** @throws KubernetesApiError, also when there is no such kind. */
  async list<Item>(path: string, options: CallOptions = {}): Promise<readonly Item[]> {
    const items: Item[] = [];
    let next: string | undefined;
    do {
      const page: List<Item> & { readonly metadata?: { readonly continue?: string } } =
        await this.get(path, {
          ...options,
          query: { ...options.query, limit: 500, continue: next },
        });
      items.push(...page.items);
      next = page.metadata?.continue || undefined;
    } while (next !== undefined);
    return items;
  }

  /** Undefined if there is no such object. */
  async find<Answer>(path: string, options: CallOptions = {}): Promise<Answer | undefined> {
    try {
      return await this.get<Answer>(path, options);
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  text(path: string, options: CallOptions = {}): Promise<string> {
    return this.#send(path, { method: "GET", ...options });
  }

  post<Answer>(path: string, body: unknown, options: CallOptions = {}): Promise<Answer> {
    return this.#json(path, { method: "POST", body, ...options });
  }

  put<Answer>(path: string, body: unknown, options: CallOptions = {}): Promise<Answer> {
    return this.#json(path, { method: "PUT", body, ...options });
  }

  /** A merge patch. */
  patch<Answer>(path: string, body: unknown, options: CallOptions = {}): Promise<Answer> {
    return this.#json(path, { method: "PATCH", body, ...options });
  }

  /** What is gone already is fine. What belongs to it is removed after it. */
  async delete(path: string, options: CallOptions = {}): Promise<void> {
    const body = { kind: "DeleteOptions", apiVersion: "v1", propagationPolicy: "Background" };
    try {
      await this.#send(path, { method: "DELETE", body, ...options });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }

  close(): void {
    this.#access.close();
  }

  async #json<Answer>(path: string, question: Question): Promise<Answer> {
    return JSON.parse(await this.#send(path, question)) as Answer;
  }

  async #send(path: string, question: Question): Promise<string> {
    const { signal, timeoutMs = 30_000 } = question;
    signal?.throwIfAborted();
    const access = await this.#access.get();
    const within = AbortSignal.timeout(timeoutMs);
    const either = signal === undefined ? within : AbortSignal.any([signal, within]);
    try {
      return await this.#exchange(path, question, access, either);
    } catch (error) {
      signal?.throwIfAborted();
      if (within.aborted) throw new Error(`no answer within ${timeoutMs / 1000} s`);
      throw error;
    }
  }

  async #exchange(
    path: string,
    { method, body, query = {} }: Question,
    access: Access,
    signal: AbortSignal,
  ): Promise<string> {
    const url = new URL(this.#config.getCurrentCluster()!.server);
    url.pathname = `${url.pathname.replace(/\/$/, "")}${path}`;
    for (const [key, value] of Object.entries(query))
      if (value !== undefined) url.searchParams.set(key, String(value));
    const sent = body === undefined ? undefined : JSON.stringify(body);
    const type = method === "PATCH" ? "application/merge-patch+json" : "application/json";
    const options = {
      ...{ ...access, method, signal },
      headers: {
        ...access.headers,
        accept: "application/json, */*",
        ...(sent !== undefined && {
          "content-type": type,
          "content-length": Buffer.byteLength(sent),
        }),
      },
    };
    const send = () =>
      new Promise<IncomingMessage>((resolve, reject) => {
        const request = (url.protocol === "http:" ? httpRequest : httpsRequest)(url, options);
        request.on("response", resolve);
        request.on("error", (error: NodeJS.ErrnoException) => {
          const closed = error.code === "ECONNRESET" || error.code === "EPIPE";
          reject(request.reusedSocket && closed ? new StaleConnectionError() : error);
        });
        request.end(sent);
      });
    const response = await send().catch((error: unknown) => {
      if (error instanceof StaleConnectionError) return send();
      throw error;
    });
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString("utf8");
    const date = Date.parse(response.headers.date ?? "");
    if (!Number.isNaN(date)) this.#skewMs = date - Date.now();
    const { statusCode: status = 0 } = response;
    if (status >= 200 && status < 300) return text;
    throw refusalOf(status, text);
  }
}

/** The server closed an idle connection just as it was used again. */
class StaleConnectionError extends Error {}

/** A `Status` object, or whatever a proxy before the API server says. */
function refusalOf(status: number, text: string): KubernetesApiError {
  try {
    const { reason = "", message = text } = JSON.parse(text) as {
      readonly reason?: string;
      readonly message?: string;
    };
    return new KubernetesApiError(status, reason, message);
  } catch {
    return new KubernetesApiError(status, "", `HTTP ${status}: ${text.trim().slice(0, 300)}`);
  }
}

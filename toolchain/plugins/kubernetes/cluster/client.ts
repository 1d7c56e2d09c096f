import type { IncomingMessage } from "node:http";
import { isObject, type Properties, type Value } from "../../bridge/values.ts";
import { ApiError } from "./api-error.ts";
import type { Connection } from "./connection.ts";

const JSON_PATCH = "application/json-patch+json";
/** JSON is YAML. */
const APPLY_PATCH = "application/apply-patch+yaml";

/** Parameters of a request; absent ones are not sent. */
type Query = Readonly<Record<string, string | boolean | undefined>>;

export interface WriteOptions {
  readonly fieldManager: string;
  /** Let the API server say what would come of it, and change nothing. */
  readonly dryRun?: boolean;
}

export interface Listed {
  readonly items: Properties[];
  readonly resourceVersion: string;
}

/**
 * The verbs of the Kubernetes API, on paths. Reads end with a signal; writes do not, or nobody would know whether they
 * were done.
 */
export class Client {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  get(path: string, signal?: AbortSignal): Promise<Properties> {
    return this.#json("GET", path, { signal });
  }

  /** A collection as it is now. */
  async list(path: string, signal?: AbortSignal): Promise<Listed> {
    const answer = await this.#json("GET", path, { signal });
    // The items of a list come without their type.
    const type = {
      ...(answer.apiVersion !== undefined && { apiVersion: answer.apiVersion }),
      ...(typeof answer.kind === "string" && { kind: answer.kind.replace(/List$/, "") }),
    };
    const items = Array.isArray(answer.items) ? answer.items.filter(isObject) : [];
    const version = isObject(answer.metadata) ? answer.metadata.resourceVersion : "";
    return {
      items: items.map((item) => ({ ...type, ...item })),
      resourceVersion: typeof version === "string" ? version : "",
    };
  }

  /** Changes of a collection since a version: one JSON object a line, until either side ends it. */
  async watch(
    path: string,
    resourceVersion: string,
    signal: AbortSignal,
  ): Promise<IncomingMessage> {
    const query = { watch: true, allowWatchBookmarks: true, resourceVersion };
    return this.#send("GET", path, { query, signal });
  }

  /** @param path of the collection */
  create(path: string, object: Properties, options: WriteOptions) {
    return this.#json("POST", path, { query: writeQuery(options), body: object });
  }

  /** Server-side apply. @param force takes over what others manage */
  apply(path: string, object: Properties, options: WriteOptions & { readonly force: boolean }) {
    const query = { ...writeQuery(options), force: options.force };
    return this.#json("PATCH", path, { query, body: object, type: APPLY_PATCH });
  }

  patch(path: string, operations: Properties[]) {
    return this.#json("PATCH", path, { body: operations, type: JSON_PATCH });
  }

  delete(path: string, propagationPolicy: string) {
    return this.#json("DELETE", path, { body: { propagationPolicy } });
  }

  async #json(method: string, path: string, options: RequestOptions): Promise<Properties> {
    const response = await this.#send(method, path, options);
    return parse(await textOf(response));
  }

  async #send(method: string, path: string, options: RequestOptions): Promise<IncomingMessage> {
    const { body, signal, type = "application/json" } = options;
    const text = body === undefined ? undefined : JSON.stringify(body);
    const headers = {
      accept: "application/json",
      "user-agent": "pulumi-kubernetes stand-in",
      // The length, because Node.js would send a DELETE as if it had no body.
      ...(text !== undefined && {
        "content-type": type,
        "content-length": Buffer.byteLength(text),
      }),
    };
    const target = path + queryText(options.query ?? {});
    const response = await this.#connection.send(method, target, headers, text, signal);
    const code = response.statusCode ?? 0;
    if (code >= 200 && code < 300) return response;
    if (code === 401) this.#connection.expire();
    throw new ApiError(code, parse(await textOf(response)));
  }
}

interface RequestOptions {
  readonly query?: Query;
  readonly body?: Value;
  readonly type?: string;
  readonly signal?: AbortSignal | undefined;
}

function writeQuery({ fieldManager, dryRun }: WriteOptions): Query {
  return { fieldManager, dryRun: dryRun === true ? "All" : undefined };
}

function queryText(query: Query): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined);
  if (given.length === 0) return "";
  return `?${given.map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`).join("&")}`;
}

async function textOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

/** Proxies before the API server answer in HTML, or with nothing. */
function parse(text: string): Properties {
  try {
    const value = JSON.parse(text) as Value;
    return isObject(value) ? value : {};
  } catch {
    return text === "" ? {} : { message: text.slice(0, 500) };
  }
}

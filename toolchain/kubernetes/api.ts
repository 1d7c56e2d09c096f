import { Agent, request } from "node:https";
import type { Layout } from "./layout.ts";
import { readCredentials } from "./kubeconfig.ts";

const REQUEST_MS = 10_000;

/** An object of the API, as far as is needed to send it. */
export interface ApiObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string } & Record<
    string,
    unknown
  >;
  readonly [field: string]: unknown;
}

interface ApiAnswer {
  readonly status: number;
  readonly body: string;
}

/** The API server, with the rights of the administrator. */
export interface Api {
  readonly get: (path: string) => Promise<ApiAnswer>;
  readonly create: (object: ApiObject) => Promise<void>;
  readonly close: () => void;
}

/** Plural names, where they are not the kind in small letters and an `s`. */
const PLURALS: Readonly<Record<string, string>> = {
  StorageClass: "storageclasses",
};

/** Path under which objects of a kind are created. */
export function collectionPath({ apiVersion, kind, metadata }: ApiObject): string {
  const group = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const scope = metadata.namespace === undefined ? "" : `/namespaces/${metadata.namespace}`;
  return `${group}${scope}/${PLURALS[kind] ?? `${kind.toLowerCase()}s`}`;
}

/** Connects lazily; `close` frees the connections. */
export async function openApi(layout: Layout): Promise<Api> {
  const { ca, certificate, key } = await readCredentials(layout.dir, "admin");
  const agent = new Agent({ keepAlive: true, ca, cert: certificate, key });
  const send = (method: string, path: string, body?: string): Promise<ApiAnswer> =>
    new Promise((resolve, reject) => {
      const sent = request(
        `${layout.apiUrl}${path}`,
        {
          agent,
          method,
          timeout: REQUEST_MS,
          headers: body === undefined ? {} : { "content-type": "application/json" },
        },
        (answer) => {
          let text = "";
          answer.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
          answer.on("end", () => resolve({ status: answer.statusCode ?? 0, body: text }));
          answer.on("error", reject);
        },
      );
      sent.on("timeout", () => sent.destroy(new Error(`no answer in ${REQUEST_MS / 1000} s`)));
      sent.on("error", reject);
      sent.end(body);
    });
  return {
    get: (path) => send("GET", path),
    create: async (object) => {
      const { status, body } = await send("POST", collectionPath(object), JSON.stringify(object));
      // There already: an earlier try got further than its answer.
      if (status === 201 || status === 409) return;
      throw new Error(`${object.kind} ${object.metadata.name}: HTTP ${status}: ${body.trim()}`);
    },
    close: () => agent.destroy(),
  };
}

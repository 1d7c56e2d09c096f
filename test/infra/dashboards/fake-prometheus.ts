import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

/** A series of labels and one value per step; null: no sample. */
export interface FakeSeries {
  readonly labels: Readonly<Record<string, string>>;
  readonly values: readonly (number | null)[];
}

/** Answers the queries that it knows, and refuses the others in Prometheus's form. */
export class FakePrometheus {
  readonly asked: string[] = [];
  readonly #server: Server;

  /**
   * @param answers part of a query -> series; the first part that occurs counts.
   * @param labels label -> values.
   */
  constructor(
    answers: Readonly<Record<string, readonly FakeSeries[]>>,
    labels: Readonly<Record<string, readonly string[]>> = {},
  ) {
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        const send = (status: number, body: object) =>
          response
            .writeHead(status, { "content-type": "application/json" })
            .end(JSON.stringify(body));
        const label = /\/label\/(\w+)\/values/.exec(request.url ?? "")?.[1];
        if (label) return send(200, { status: "success", data: labels[label] ?? [] });
        const form = new URLSearchParams(Buffer.concat(chunks).toString());
        const query = form.get("query") ?? "";
        this.asked.push(query);
        const known = Object.keys(answers).find((part) => query.includes(part));
        if (known === undefined) return send(400, { status: "error", error: `unknown: ${query}` });
        return send(200, { status: "success", data: resultOf(answers[known]!, form) });
      });
    });
  }

  /** @returns its address. */
  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

function resultOf(series: readonly FakeSeries[], form: URLSearchParams): object {
  const start = Number(form.get("start"));
  const step = Number(form.get("step"));
  if (!form.has("start")) {
    return {
      resultType: "vector",
      result: series.map(({ labels, values }) => ({
        metric: labels,
        value: [Number(form.get("time")), String(values.at(-1))],
      })),
    };
  }
  return {
    resultType: "matrix",
    result: series.map(({ labels, values }) => ({
      metric: labels,
      values: values.flatMap((value, index) =>
        value === null ? [] : [[start + index * step, String(value)]],
      ),
    })),
  };
}

import { scopeQuery, type Scope } from "../../components/monitoring/scope.render.ts";
import type { FetchBy } from "../health/report.ts";

/** One series of an answer. */
export interface Series {
  readonly labels: Readonly<Record<string, string>>;
  /** Seconds since 1970, value. An instant query gives one point. */
  readonly points: readonly (readonly [number, number])[];
}

/** A stretch of time with a point every so many seconds. All in seconds. */
export interface Span {
  readonly from: number;
  readonly to: number;
  readonly step: number;
}

interface Answer<Data> {
  readonly status: string;
  readonly data: Data;
  readonly error?: string;
}

type Result =
  | {
      readonly resultType: "matrix";
      readonly result: readonly {
        readonly metric: Readonly<Record<string, string>>;
        readonly values: readonly (readonly [number, string])[];
      }[];
    }
  | {
      readonly resultType: "vector";
      readonly result: readonly {
        readonly metric: Readonly<Record<string, string>>;
        readonly value: readonly [number, string];
      }[];
    }
  | { readonly resultType: "scalar"; readonly result: readonly [number, string] };

/** Asks a Prometheus by its HTTP interface, as Grafana's data source does. */
export class PrometheusQueries {
  readonly #url: string;
  readonly #fetch: FetchBy;
  readonly #scoped: (query: string) => string;

  /**
   * @param url of the console, without a slash at its end.
   * @param fetchBy way to it; default: straight.
   * @param scope labels of the series that are meant, where it has those of others too; default: it has no others.
   */
  constructor(url: string, fetchBy: FetchBy = fetch, scope?: Scope) {
    this.#url = url;
    this.#fetch = fetchBy;
    this.#scoped = (query) => (scope ? scopeQuery(query, scope) : query);
  }

  /** @throws Error with Prometheus's own words. */
  async instant(query: string, at: number): Promise<Series[]> {
    const asked = { query: this.#scoped(query), time: String(at) };
    return seriesOf(await this.#ask<Result>("query", asked));
  }

  /** @throws Error with Prometheus's own words. */
  async range(query: string, { from, to, step }: Span): Promise<Series[]> {
    const span = { start: String(from), end: String(to), step: String(step) };
    const asked = { query: this.#scoped(query), ...span };
    return seriesOf(await this.#ask<Result>("query_range", asked));
  }

  /** Values that a label of a metric has had since `from`, in order. */
  async labelValues(metric: string, label: string, { from, to }: Span): Promise<string[]> {
    const given = { "match[]": this.#scoped(metric), start: String(from), end: String(to) };
    const query = new URLSearchParams(given).toString();
    const values = await this.#ask<string[]>(`label/${label}/values?${query}`);
    return [...values].sort();
  }

  async #ask<Data>(path: string, form?: Readonly<Record<string, string>>): Promise<Data> {
    const response = await this.#fetch(`${this.#url}/api/v1/${path}`, {
      signal: AbortSignal.timeout(15_000),
      // By POST, because some queries are longer than addresses may be.
      ...(form && {
        method: "POST",
        headers: { "content-type": "application/x-www-form-urlencoded" },
        body: new URLSearchParams(form).toString(),
      }),
    });
    const answer = (await response.json().catch(() => undefined)) as Answer<Data> | undefined;
    if (answer?.status !== "success") {
      throw new Error(`Prometheus: ${answer?.error ?? `HTTP ${response.status}`}`);
    }
    return answer.data;
  }
}

function seriesOf(answer: Result): Series[] {
  switch (answer.resultType) {
    case "matrix":
      return answer.result.map(({ metric, values }) => ({
        labels: metric,
        points: values.map(([at, value]) => [at, number(value)] as const),
      }));
    case "vector":
      return answer.result.map(({ metric, value: [at, value] }) => ({
        labels: metric,
        points: [[at, number(value)] as const],
      }));
    case "scalar":
      return [{ labels: {}, points: [[answer.result[0], number(answer.result[1])]] }];
  }
}

/** Prometheus writes infinity in its own way. */
function number(text: string): number {
  if (text === "+Inf") return Infinity;
  return text === "-Inf" ? -Infinity : Number(text);
}

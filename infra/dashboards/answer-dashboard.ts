import { builtIns, interpolate } from "../../components/monitoring/dashboards/interpolate.ts";
import {
  labelQuery,
  type AnnotationFile,
  type DashboardFile,
  type PanelFile,
  type TargetFile,
} from "../../components/monitoring/dashboards/read-dashboard.ts";
import type { PrometheusQueries, Series, Span } from "./prometheus-queries.ts";

export interface Asking {
  readonly prometheus: PrometheusQueries;
  readonly span: Span;
  /** Of the Prometheus that is asked. Seconds. */
  readonly scrapeIntervalSeconds: number;
  /**
   * Variable -> its one value.
   *
   * @default all values of a variable that takes several, else the first
   */
  readonly choose?: Readonly<Record<string, string>>;
}

interface Answered {
  readonly target: TargetFile;
  /** The query as it was sent. */
  readonly sent: string;
  readonly series: readonly Series[];
}

export interface AnsweredPanel {
  readonly panel: PanelFile;
  readonly answers: readonly Answered[];
}

export interface AnsweredDashboard {
  readonly dashboard: DashboardFile;
  /** Variable -> values. */
  readonly variables: Readonly<Record<string, readonly string[]>>;
  readonly panels: readonly AnsweredPanel[];
  readonly annotations: readonly {
    readonly annotation: AnnotationFile;
    readonly sent: string;
    readonly series: readonly Series[];
  }[];
}

/** Distance of two points at which Grafana asks for annotations. Seconds. */
const annotationStep = 60;

/**
 * Asks everything that a dashboard shows, one query after the other.
 *
 * @throws Error naming the query that Prometheus refuses.
 */
export async function answerDashboard(
  dashboard: DashboardFile,
  asking: Asking,
): Promise<AnsweredDashboard> {
  const { prometheus, span, scrapeIntervalSeconds } = asking;
  const variables = await valuesOf(dashboard, asking);
  const own = builtIns({
    scrapeIntervalSeconds,
    stepSeconds: span.step,
    rangeSeconds: span.to - span.from,
  });
  const sentOf = (expr: string) => interpolate(expr, { ...variables, ...own });
  const panels: AnsweredPanel[] = [];
  for (const panel of dashboard.panels) {
    const answers: Answered[] = [];
    for (const target of panel.targets ?? []) {
      const sent = sentOf(target.expr);
      const series = await named(`${panel.title ?? ""}/${target.refId ?? ""}`, () =>
        target.instant ? prometheus.instant(sent, span.to) : prometheus.range(sent, span),
      );
      answers.push({ target, sent, series });
    }
    panels.push({ panel, answers });
  }
  const annotations: AnsweredDashboard["annotations"][number][] = [];
  for (const annotation of dashboard.annotations.list) {
    const sent = sentOf(annotation.expr);
    const series = await named(`annotation/${annotation.name}`, () =>
      prometheus.range(sent, { ...span, step: annotationStep }),
    );
    annotations.push({ annotation, sent, series });
  }
  return { dashboard, variables, panels, annotations };
}

/** Values of every variable: those chosen, else all, or the first where one is to be picked. */
async function valuesOf(
  { templating }: DashboardFile,
  { prometheus, span, choose = {} }: Asking,
): Promise<Record<string, readonly string[]>> {
  const values: Record<string, readonly string[]> = {};
  for (const { name, query, multi } of templating.list) {
    const { metric, label } = labelQuery(query);
    const all = await prometheus.labelValues(metric, label, span);
    const chosen = choose[name];
    values[name] = chosen !== undefined ? [chosen] : multi ? all : all.slice(0, 1);
    if (values[name].length === 0) throw new Error(`variable ${name}: ${query} has no value`);
  }
  return values;
}

async function named<T>(place: string, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    throw new Error(`${place}: ${(error as Error).message}`, { cause: error });
  }
}

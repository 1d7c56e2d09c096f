import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { FleetDashboard } from "../../../components/monitoring/dashboards/define-dashboard.ts";
import {
  labelQuery,
  readDashboard,
} from "../../../components/monitoring/dashboards/read-dashboard.ts";
import { answerDashboard, type Asking } from "../answer-dashboard.ts";
import { bundleScript } from "./bundle.ts";
import type { Mark } from "./chart.ts";
import { renderPage } from "./page.ts";

export interface PreviewArgs {
  readonly dashboards: readonly FleetDashboard[];
  readonly asking: Omit<Asking, "choose">;
  readonly facts: readonly string[];
  readonly marks: readonly Mark[];
  /** uid -> HTML below the panels of that dashboard. */
  readonly below?: Readonly<Record<string, string>>;
}

interface Page {
  readonly file: string;
  readonly dashboard: FleetDashboard;
  readonly choose: Readonly<Record<string, string>>;
}

/**
 * Draws every dashboard from live data, one about a single server once for each, and writes the pages.
 *
 * @returns names of the files; the first is the one to open.
 * @throws Error naming a query that Prometheus refuses.
 */
export async function writePreview(directory: string, args: PreviewArgs): Promise<string[]> {
  const script = await bundleScript();
  const pages = (await Promise.all(args.dashboards.map((one) => pagesOf(one, args.asking)))).flat();
  mkdirSync(directory, { recursive: true });
  for (const { file, dashboard, choose } of pages) {
    const answered = await answerDashboard(readDashboard(dashboard), { ...args.asking, choose });
    const below = args.below?.[dashboard.uid];
    writeFileSync(
      join(directory, file),
      renderPage({
        ...{ answered, script, emptyWhen: dashboard.emptyWhen },
        ...{ span: args.asking.span, marks: args.marks, facts: args.facts },
        pages: menu(pages, file),
        addresses: (url, value) => addressOf(pages, url, value),
        ...(below !== undefined && { below }),
      }),
    );
  }
  return pages.map(({ file }) => file);
}

/** One page, or one for each value of a variable that takes one at a time. */
async function pagesOf(
  dashboard: FleetDashboard,
  { prometheus, span }: PreviewArgs["asking"],
): Promise<Page[]> {
  const single = readDashboard(dashboard).templating.list.find(({ multi }) => !multi);
  if (!single) return [{ file: `${dashboard.uid}.html`, dashboard, choose: {} }];
  const { metric, label } = labelQuery(single.query);
  const values = await prometheus.labelValues(metric, label, span);
  return values.map((value) => ({
    file: `${dashboard.uid}-${value}.html`,
    dashboard,
    choose: { [single.name]: value },
  }));
}

function menu(pages: readonly Page[], here: string) {
  return pages.map(({ file, dashboard, choose }) => ({
    title: Object.values(choose)[0] ?? readDashboard(dashboard).title ?? dashboard.uid,
    file,
    here: file === here,
  }));
}

/** `/d/uid?var-x=${__value.raw}` -> the page of that value. */
function addressOf(pages: readonly Page[], url: string, value: string): string | undefined {
  const uid = /^\/d\/([\w-]+)/.exec(url)?.[1];
  return pages.find(
    ({ dashboard, choose }) => dashboard.uid === uid && Object.values(choose).includes(value),
  )?.file;
}

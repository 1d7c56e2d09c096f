import type { Builder } from "@grafana/grafana-foundation-sdk/cog";
import type { Panel } from "@grafana/grafana-foundation-sdk/dashboard";

/** Units as Grafana names them; only those that the preview can print, too. */
type Unit =
  | "short"
  | "none"
  | "ms"
  | "s"
  | "dtdurations"
  | "bytes"
  | "Bps"
  | "percentunit"
  | "reqps"
  | "ops"
  | "dateTimeAsIso";

/** One question to Prometheus. */
export interface Query {
  readonly expr: string;
  /** Name of each series; `{{label}}` is replaced. */
  readonly legend: string;
  /**
   * Why a healthy fleet with traffic may have no such series; absent: it always has.
   *
   * @default none
   */
  readonly emptyWhen?: string;
}

/** Where a value becomes bad: the thresholds of alerts, and the runbooks that they link to. */
export interface Limit {
  /** Side of the thresholds on which a value is bad. */
  readonly bad: "above" | "below";
  readonly warning?: Threshold;
  readonly critical?: Threshold;
}

/** An alert, and where to read what to do about it. */
export interface AlertLink {
  readonly name: string;
  /** Where its runbook lies: a URL, or a path in the repository. */
  readonly runbook: string;
}

interface Threshold {
  /** In the unit of the panel. */
  readonly value: number;
  /** What fires there; absent where alerts themselves are counted. */
  readonly alert?: AlertLink;
}

export interface PanelArgs {
  /** Unique within its dashboard: the identity of the panel derives from it. */
  readonly title: string;
  /** What it shows and what to think of it. */
  readonly description: string;
  readonly unit: Unit;
  readonly queries: readonly [Query, ...Query[]];
  /** Columns of 24. */
  readonly width: number;
  /**
   * Grid units of 30 px.
   *
   * @default 8, for a stat 4
   */
  readonly height?: number;
  readonly limit?: Limit;
  /**
   * Alerts whose runbooks it links to, besides those of its limit.
   *
   * @default none
   */
  readonly alerts?: readonly AlertLink[];
  readonly decimals?: number;
  readonly min?: number;
  readonly max?: number;
  /** Path of another dashboard, for a series or row: `/d/uid?var-x=${__field.labels.x}`. */
  readonly drillDown?: { readonly title: string; readonly url: string };
}

/** A panel that knows its size, so that a dashboard can be laid out. */
export interface PanelSpec {
  readonly title: string;
  readonly width: number;
  readonly height: number;
  readonly builder: Builder<Panel> & {
    gridPos(at: { x: number; y: number; w: number; h: number }): Builder<Panel>;
  };
  readonly queries: readonly Query[];
}

export interface Section {
  readonly title: string;
  readonly panels: readonly PanelSpec[];
}

import type { FleetDashboard } from "./define-dashboard.ts";

/** The part of Grafana's dashboard model that is used here, as it is in the file. */
export interface DashboardFile {
  readonly uid?: string;
  readonly title?: string;
  readonly description?: string;
  readonly time: { readonly from: string };
  readonly panels: readonly PanelFile[];
  readonly templating: { readonly list: readonly VariableFile[] };
  readonly annotations: { readonly list: readonly AnnotationFile[] };
  readonly __inputs?: unknown;
}

export interface DataSource {
  readonly type?: string;
  readonly uid?: string;
}

export interface PanelFile {
  readonly id?: number;
  readonly type: string;
  readonly title?: string;
  readonly description?: string;
  readonly gridPos?: {
    readonly x: number;
    readonly y: number;
    readonly w: number;
    readonly h: number;
  };
  readonly datasource?: DataSource;
  readonly targets?: readonly TargetFile[];
  readonly links?: readonly LinkFile[];
  readonly panels?: readonly unknown[];
  readonly transformations?: readonly {
    readonly id: string;
    readonly options: Readonly<Record<string, unknown>>;
  }[];
  readonly options?: Readonly<Record<string, unknown>>;
  readonly fieldConfig?: {
    readonly defaults: FieldDefaults;
    readonly overrides: readonly {
      readonly matcher: { readonly id: string; readonly options?: unknown };
      readonly properties: readonly { readonly id: string; readonly value?: unknown }[];
    }[];
  };
}

export interface FieldDefaults {
  readonly unit?: string;
  readonly decimals?: number;
  readonly min?: number;
  readonly max?: number;
  readonly links?: readonly LinkFile[];
  readonly mappings?: readonly {
    readonly type: string;
    readonly options: Readonly<Record<string, { readonly text?: string; readonly color?: string }>>;
  }[];
  readonly thresholds?: { readonly steps: readonly Step[] };
  readonly custom?: Readonly<Record<string, unknown>>;
}

export interface Step {
  /** Null: from below everything. */
  readonly value: number | null;
  readonly color: string;
}

export interface TargetFile {
  readonly refId?: string;
  readonly expr: string;
  readonly legendFormat?: string;
  readonly instant?: boolean;
  readonly format?: string;
  readonly datasource?: DataSource;
}

export interface LinkFile {
  readonly title: string;
  readonly url?: string;
}

interface VariableFile {
  readonly name: string;
  readonly label?: string;
  readonly query: string;
  readonly multi?: boolean;
  readonly datasource?: DataSource;
}

export interface AnnotationFile {
  readonly name: string;
  readonly expr: string;
  readonly iconColor: string;
  readonly textFormat?: string;
  readonly datasource?: DataSource;
}

/** What Grafana would read. */
export function readDashboard({ content }: Pick<FleetDashboard, "content">): DashboardFile {
  return JSON.parse(content) as DashboardFile;
}

/** One question of a dashboard, wherever it stands. */
export interface DashboardQuery {
  /** `title of the panel/refId` or `annotation/name`. */
  readonly place: string;
  readonly expr: string;
}

/** Every question that a dashboard asks Prometheus while it is looked at. */
export function queriesOf(dashboard: DashboardFile): DashboardQuery[] {
  return [
    ...dashboard.panels.flatMap(({ title, targets }) =>
      (targets ?? []).map(({ refId, expr }) => ({ place: `${title ?? ""}/${refId ?? ""}`, expr })),
    ),
    ...dashboard.annotations.list.map(({ name, expr }) => ({ place: `annotation/${name}`, expr })),
  ];
}

/** `label_values(metric, label)` -> both. @throws Error for any other form. */
export function labelQuery(query: string): { readonly metric: string; readonly label: string } {
  const [, metric, label] = /^label_values\((.+), *(\w+)\)$/.exec(query) ?? [];
  if (!metric || !label) throw new Error(`${query}: not of the form label_values(metric, label)`);
  return { metric, label };
}

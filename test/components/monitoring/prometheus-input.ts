import { parse } from "yaml";
import { monitoringSchema } from "../../../components/monitoring/monitoring.schema.ts";
import {
  renderPrometheus,
  type PrometheusInput,
} from "../../../components/monitoring/prometheus.render.ts";
import {
  gatewayTarget,
  pgbouncerTarget,
  postgresTarget,
  serverTarget,
} from "../../../components/monitoring/scrape-target.ts";

interface ScrapeConfig {
  job_name: string;
  static_configs: { targets: string[]; labels: Record<string, string> }[];
  metric_relabel_configs?: Record<string, unknown>[];
}
interface Config {
  global: Record<string, unknown>;
  rule_files: string[];
  alerting: { alertmanagers: { static_configs: { targets: string[] }[] }[] };
  scrape_configs: ScrapeConfig[];
}
export interface Rules {
  groups: {
    name: string;
    rules: {
      alert?: string;
      record?: string;
      expr: string;
      for?: string;
      labels?: Record<string, string>;
      annotations?: Record<string, string>;
    }[];
  }[];
}

export const scene = serverTarget(
  { name: "scene", port: 3005, critical: false, memoryMb: 160 },
  "scene-0a1b2c3",
  9464,
);
export const admin = serverTarget(
  { name: "database-admin", port: 3010, critical: true },
  "database-admin-0a1b2c3",
  9464,
);
export const others = [
  gatewayTarget("gw"),
  postgresTarget("pg-exporter"),
  pgbouncerTarget("pgb-exporter"),
];

export function input(
  change: Partial<PrometheusInput> = {},
  spec: Record<string, number> = {},
): PrometheusInput {
  return {
    fleet: "writing",
    environment: "staging",
    spec: monitoringSchema.parse({ prometheus: spec }),
    targets: [scene, admin, ...others],
    alertmanager: "am",
    ...change,
  };
}

export function config(given: PrometheusInput = input()): Config {
  return parse(renderPrometheus(given)["prometheus.yml"]!) as Config;
}

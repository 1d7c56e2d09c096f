import type { AskedNeighbour } from "../../components/health/probed-fleet.ts";
import type { ExistingMonitoring } from "../../components/platform/kubernetes/kubernetes.schema.ts";
import { seriesOf } from "../../components/platform/kubernetes/names.ts";
import type { StackSettings } from "../config/index.ts";
import type { Place } from "./place.ts";

type Asked = Pick<StackSettings, "platform" | "kubernetes">;

/**
 * What a stack's settings ask of its platform: part of what a release is made of. The way to a cluster is none of it: it
 * differs between machines.
 */
export function askedOfPlatform({
  platform,
  kubernetes,
}: Asked): Readonly<Record<string, unknown>> {
  if (platform === "docker") return {};
  const { context: _context, kubeconfig: _kubeconfig, ...asked } = kubernetes;
  return { kubernetes: asked };
}

/** @param grafana whether it is part of the fleet. */
export function showsDashboards({ platform, kubernetes }: Asked, grafana: boolean): boolean {
  return grafana || (platform === "kubernetes" && kubernetes.monitoring.dashboards !== undefined);
}

/** Monitoring of the platform that serves in place of the fleet's own. */
export function existingMonitoring({
  platform,
  kubernetes,
}: Asked): ExistingMonitoring | undefined {
  return platform === "kubernetes" ? kubernetes.monitoring.existing : undefined;
}

/** The Prometheus that gates ask in place of the fleet's own. */
export function askedNeighbour(settings: Asked, place: Place): AskedNeighbour | undefined {
  const existing = existingMonitoring(settings);
  if (existing === undefined || place.platform !== "kubernetes") return undefined;
  return { scope: seriesOf(place.namespace), port: existing.prometheus.port };
}

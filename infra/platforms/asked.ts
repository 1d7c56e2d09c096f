import type { StackSettings } from "../config/index.ts";

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

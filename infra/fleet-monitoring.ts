import type * as pulumi from "@pulumi/pulumi";
import { Alertmanager, type ReceiverSecrets } from "../components/monitoring/alertmanager.ts";
import { Grafana } from "../components/monitoring/grafana.ts";
import { alertmanagerName, prometheusName } from "../components/monitoring/names.ts";
import { NeighbourPrometheus } from "../components/monitoring/neighbour-prometheus.ts";
import { Prometheus } from "../components/monitoring/prometheus.ts";
import { scopeDashboard } from "../components/monitoring/scope.render.ts";
import type { ScrapeTarget, Whereabouts } from "../components/monitoring/scrape-target.ts";
import type { Parent, Platform } from "../components/platform/platform.ts";
import type { FleetSpec } from "./config/index.ts";
import type { GuardedParts } from "./release-gates.ts";

export interface FleetMonitoringArgs {
  readonly platform: Platform;
  readonly spec: FleetSpec;
  readonly targets: readonly ScrapeTarget<pulumi.Input<Whereabouts>>[];
  /** Secrets of receivers of alerts. */
  readonly receivers: ReceiverSecrets;
  /** Whether Grafana's image can be had. */
  readonly grafana: boolean;
  readonly dashboards: Readonly<Record<string, string>>;
}

/** What watches a fleet. */
export interface FleetMonitoring {
  readonly prometheusUrl: pulumi.Input<string>;
  /** Undefined: there is none of the fleet's own. */
  readonly alertmanagerUrl: pulumi.Output<string> | undefined;
  readonly grafanaUrl: pulumi.Output<string> | undefined;
  /** What a gate may ask. */
  readonly guarded: GuardedParts;
  /** Everything that was made. */
  readonly made: readonly pulumi.Resource[];
}

/** The fleet's own Prometheus, Alertmanager and Grafana, or what a Prometheus of somebody else needs instead. */
export function makeMonitoring(args: FleetMonitoringArgs, child: Parent): FleetMonitoring {
  const { platform, dashboards } = args;
  const { dashboard: show, scope = {} } = platform.neighbours ?? {};
  const shown = Object.entries(dashboards).flatMap(([file, content]) =>
    show ? [show(file, scopeDashboard(content, scope), child)] : [],
  );
  const own = ofNeighbour(args, child) ?? ofFleet(args, child);
  return { ...own, made: [...own.made, ...shown] };
}

function ofNeighbour(args: FleetMonitoringArgs, child: Parent): FleetMonitoring | undefined {
  const { neighbours } = args.platform;
  if (neighbours?.prometheus === undefined) return undefined;
  const prometheus = new NeighbourPrometheus(
    prometheusName,
    { ...watched(args), neighbours, neighbour: neighbours.prometheus },
    child,
  );
  const { url, address } = prometheus;
  return {
    prometheusUrl: url,
    ...{ alertmanagerUrl: undefined, grafanaUrl: undefined },
    guarded: { prometheus: { address, id: url } },
    made: [prometheus],
  };
}

function ofFleet(args: FleetMonitoringArgs, child: Parent): FleetMonitoring {
  const { platform, receivers, dashboards } = args;
  const { monitoring: spec } = args.spec;
  const alertmanager = new Alertmanager(alertmanagerName, { platform, spec, receivers }, child);
  const prometheus = new Prometheus(prometheusName, { platform, ...watched(args) }, child);
  const grafana = args.grafana
    ? new Grafana(
        "grafana",
        {
          platform,
          spec: spec.grafana,
          image: platform.foreignImage(spec.grafana.image),
          scrapeIntervalSeconds: spec.prometheus.scrapeIntervalSeconds,
          dashboards,
        },
        child,
      )
    : undefined;
  const guarded = (name: string, { resource }: Prometheus | Alertmanager) => ({
    address: platform.addressOf(name),
    id: resource.id,
  });
  return {
    prometheusUrl: prometheus.url,
    alertmanagerUrl: alertmanager.url,
    grafanaUrl: grafana?.url,
    guarded: {
      prometheus: guarded(prometheusName, prometheus),
      alertmanager: guarded(alertmanagerName, alertmanager),
    },
    made: [alertmanager, prometheus, ...(grafana ? [grafana] : [])],
  };
}

function watched({ spec, targets }: FleetMonitoringArgs) {
  return { spec: spec.monitoring, fleet: spec.name, environment: spec.environment, targets };
}

import * as pulumi from "@pulumi/pulumi";
import type { NeighbourPrometheus as Neighbour, Neighbours } from "../platform/platform.ts";
import type { MonitoringSpec } from "./monitoring.schema.ts";
import { prometheusToken } from "./prometheus.ts";
import { renderRulesElsewhere } from "./rule-files.render.ts";
import { promDuration } from "./rules.render.ts";
import { metricRelabellings, scrapeSettings } from "./scrape-settings.ts";
import { giveRules } from "./shared-rules.ts";
import type { ScrapeTarget, Whereabouts } from "./scrape-target.ts";

export interface NeighbourPrometheusArgs {
  readonly neighbour: Neighbour;
  readonly neighbours: Neighbours;
  readonly spec: MonitoringSpec;
  /** Label on every alert. */
  readonly fleet: string;
  /** Label on every alert. */
  readonly environment: string;
  readonly targets: readonly ScrapeTarget<pulumi.Input<Whereabouts>>[];
}

/**
 * A Prometheus that somebody else runs, and what it is given in place of a configuration: what to scrape, and the rules.
 * Who is told of an alert is decided there.
 */
export class NeighbourPrometheus extends pulumi.ComponentResource {
  readonly address: string;
  readonly url: string;

  constructor(name: string, args: NeighbourPrometheusArgs, opts?: pulumi.ComponentResourceOptions) {
    // The token of our own: rules keep their identity when a stack goes from one to the other.
    super(prometheusToken, name, {}, opts);
    const { neighbour, neighbours, spec, targets, fleet, environment } = args;
    const parent = { parent: this };
    const monitors = targets.map((target) => {
      const { job, servedBy, port, labels, address } = target;
      return neighbour.scrape(
        {
          ...{ job, component: servedBy, port, labels: { ...labels } },
          found: pulumi.output(address).apply((at) => (typeof at === "string" ? at : at.discovery)),
          ...scrapeSettings(spec.prometheus),
          metricRelabelings: metricRelabellings(target),
        },
        parent,
      );
    });
    giveRules(
      neighbours,
      renderRulesElsewhere({ spec, targets }),
      // They call absent what nobody scrapes, and on a first deployment that is everything for minutes.
      { ...parent, dependsOn: monitors },
      {
        interval: promDuration(spec.prometheus.evaluationIntervalSeconds),
        alertLabels: { fleet, environment },
      },
    );
    this.address = neighbour.address;
    this.url = neighbour.url;
    this.registerOutputs({ url: this.url });
  }
}

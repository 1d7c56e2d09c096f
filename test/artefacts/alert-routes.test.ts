import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { renderAlertmanager } from "../../components/monitoring/alertmanager.render.ts";
import { alertmanagerSchema } from "../../components/monitoring/alertmanager.schema.ts";
import { allAlerts } from "../../components/monitoring/alerts/catalogue.ts";
import { severities, type Severity } from "../../components/monitoring/alerts/alert-rule.ts";
import type { Alert } from "../../components/monitoring/alerts/define-alert.ts";
import { monitoringSchema } from "../../components/monitoring/monitoring.schema.ts";
import { groupName, receiversOf, type Routed } from "../../components/monitoring/receivers.ts";
import { receivingFleet } from "../components/monitoring/receiving-fleet.ts";
import { docker } from "./gateway-harness.ts";
import { monitoringImage, must, RunningProgram, until, Versions } from "./monitoring-harness.ts";

const spec = monitoringSchema.parse(receivingFleet);
const files = {
  ...renderAlertmanager(spec),
  "receiver-hook": "http://127.0.0.1:9/hook",
  "receiver-team": "http://127.0.0.1:9/team",
  "receiver-pager": "0123456789abcdef0123456789abcdef",
  "receiver-mail": "password",
};
const services = [
  ...["scene", "review", "database-admin"],
  ...["gateway", "postgres", "pgbouncer", "prometheus", "alertmanager"],
];

/** Every severity for every service, and every alert as it is. */
const cases: readonly Routed[] = [
  ...severities.flatMap((severity) =>
    services.map((service) => ({ alertname: "Any", severity, service })),
  ),
  ...allAlerts().map(({ name, severity, service, group }) => ({
    alertname: name,
    severity,
    service: service ?? (group === "servers" || group.startsWith("slo") ? "scene" : "postgres"),
  })),
];

let image: string;
beforeAll(async () => {
  image = await monitoringImage("alertmanager");
});

describe("amtool", () => {
  const versions = new Versions();
  afterAll(() => versions.remove());

  it("accepts the configuration with every kind of receiver", async () => {
    versions.write("v", files);
    const { code, output } = await docker(
      ...["run", "--rm", "--network=none", `-v=${versions.directory}/v:/v:ro`],
      ...["--entrypoint=amtool", image, "check-config", "/v/alertmanager.yml"],
    );
    expect(code, output).toBe(0);
    expect(output).toMatch(/[0-9]{2} inhibit rules/);
  });

  it("leads every severity of every service, and every alert, to the receivers that the fleet file names", async () => {
    const script = cases
      .map(
        ({ alertname, severity, service }) =>
          `amtool config routes test --config.file=/v/alertmanager.yml 2>/dev/null alertname=${alertname} severity=${severity} service=${service}`,
      )
      .join("\n");
    const { code, output } = await docker(
      ...["run", "--rm", "--network=none", `-v=${versions.directory}/v:/v:ro`],
      ...["--entrypoint=sh", image, "-ec", script],
    );
    expect(code, output).toBe(0);
    const told = output.trim().split("\n");
    const expected = cases.map((alert) => groupName(receiversOf(spec.alertmanager, alert)));
    expect(told).toEqual(expected);
    expect(new Set(told)).toEqual(new Set(["pager", "mail+team", "hook", "unrouted"]));
  });
});

describe("a running Alertmanager", () => {
  const network = `mcp-fleet-test-routes-${process.pid}`;
  const alertmanager = new RunningProgram("alertmanager");
  interface Held {
    labels: Record<string, string>;
    receivers: { name: string }[];
    status: { state: string; inhibitedBy: string[] };
  }
  const held = async () => (await alertmanager.getJson("/api/v2/alerts")) as Held[];
  let at = Date.now();

  beforeAll(async () => {
    await must("network", "create", "--label=mcp-fleet-test=monitoring", network);
    alertmanager.versions.write("v1", files);
    alertmanager.versions.makeCurrent("v1");
    await alertmanager.start(image, network, []);
  });
  afterAll(async () => {
    await alertmanager.stop();
    await docker("network", "rm", network);
  });

  /** Alerts that fire until the next call, and only these. */
  const fire = async (alerts: readonly Routed[]) => {
    const now = new Date(at).toISOString();
    const ends = new Date(Date.now() + 600_000).toISOString();
    const { status } = await alertmanager.post(
      "/api/v2/alerts",
      alerts.map((labels) => ({ labels: { ...labels }, startsAt: now, endsAt: ends })),
    );
    expect(status).toBe(200);
    at += 1;
  };

  it("tells the receivers that the fleet file names of every severity of every service", async () => {
    await fire(cases);
    const all = await until(held, (found) => found.length === unique(cases).length, "all arrived");
    for (const { labels, receivers } of all) {
      const expected = groupName(receiversOf(spec.alertmanager, labels as unknown as Routed));
      expect(
        receivers.map(({ name }) => name),
        JSON.stringify(labels),
      ).toEqual([expected]);
    }
  });

  const alerts = allAlerts();
  const pairs = alerts.flatMap((effect) => [
    ...effect.causes.map(({ alert, scope }) => ({ cause: alert, effect, scope })),
    ...(effect.worse === undefined
      ? []
      : [{ cause: effect.worse, effect, scope: "service" as const }]),
  ]);

  it("mutes every effect while its cause fires, and only that of the same service where that matters", async () => {
    for (const cause of new Set(pairs.map((pair) => pair.cause))) {
      const own = pairs.filter((pair) => pair.cause === cause);
      // A cause may itself be the effect of another; a service of its own keeps the groups apart.
      const here = `here-${cause.toLowerCase()}`;
      const elsewhere = `elsewhere-${cause.toLowerCase()}`;
      const routed = (name: string, service: string): Routed => ({
        alertname: name,
        severity: severityOf(alerts, name),
        service,
      });
      // One generation of alerts at a time: what the one before left is resolved first.
      await resolveAll();
      const effects = [...new Set(own.map(({ effect }) => effect.name))];
      const firing = [
        routed(cause, here),
        ...effects.flatMap((name) => [routed(name, here), routed(name, elsewhere)]),
      ];
      await fire(firing);
      const expected = new Map(
        firing.map((alert) => [key(alert), muted(alert, firing) ? "suppressed" : "active"]),
      );
      expect(expected.get(key(routed(cause, here)))).toBe("active");
      const states = await until(
        async () =>
          new Map((await held()).map(({ labels, status }) => [key(labels), status.state])),
        // Alertmanager hears of the cause a moment after it has listed it.
        (found) => [...expected].every(([name, state]) => found.get(name) === state),
        `${cause} mutes ${[...expected].map(([name, state]) => `${name}: ${state}`).join(", ")}`,
      );
      expect(states).toEqual(expected);
    }
  });

  const key = (labels: { alertname?: string; service?: string }) =>
    `${labels.alertname} ${labels.service}`;

  /** What the alerts themselves say of their causes. */
  function muted(alert: Routed, firing: readonly Routed[]): boolean {
    return pairs.some(
      ({ cause, effect, scope }) =>
        effect.name === alert.alertname &&
        firing.some(
          (other) =>
            other.alertname === cause && (scope === "fleet" || other.service === alert.service),
        ),
    );
  }

  async function resolveAll() {
    const past = new Date(Date.now() - 1000).toISOString();
    const firing = await held();
    if (firing.length === 0) return;
    await alertmanager.post(
      "/api/v2/alerts",
      firing.map(({ labels }) => ({ labels, startsAt: past, endsAt: past })),
    );
    await until(held, (found) => found.length === 0, "all are resolved");
  }
});

it("has a route for every way to be told", () => {
  const kinds = alertmanagerSchema
    .parse(receivingFleet.alertmanager)
    .receivers.map(({ kind }) => kind);
  expect(new Set(kinds)).toEqual(new Set(["pagerduty", "slack", "webhook", "email"]));
});

function severityOf(alerts: readonly Alert[], name: string): Severity {
  return alerts.find((alert) => alert.name === name)!.severity;
}

function unique(alerts: readonly Routed[]): readonly Routed[] {
  return [...new Map(alerts.map((alert) => [JSON.stringify(alert), alert])).values()];
}

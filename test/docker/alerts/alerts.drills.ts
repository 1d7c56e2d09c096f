import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { startLoad, type RunningLoad } from "../../../bench/load/load.ts";
import { allAlerts } from "../../../components/monitoring/alerts/catalogue.ts";
import { docker } from "../support/engine.ts";
import { LiveFleet } from "../support/live-fleet.ts";
import { WebhookReceiver, type Told } from "./webhook-receiver.ts";

/** How long nothing may be told of a fleet that is well; seconds, and two minutes at least: the heartbeat takes one. */
const quietSeconds = Number(process.env["MCP_FLEET_QUIET_SECONDS"] ?? 600);
/** From the end of an alert's own time to the receiver; seconds. */
const slackSeconds = 60;
/** From the end of a fault to the receiver: an evaluation, and the interval of the group; seconds. */
const resolvedSeconds = 240;
/** Prometheus lets an alert live for four minutes without a word of it, and the heartbeat is told once a minute. */
const silenceSeconds = 300;

interface Fault {
  readonly title: string;
  readonly stopped: (servers: readonly string[]) => readonly string[];
  /** What has to be told, of each of these services. */
  readonly alert: string;
  readonly services: (servers: readonly string[]) => readonly string[];
}

const one = (name: string) => () => [name];
const faults: readonly Fault[] = [
  {
    title: "all ten servers",
    stopped: (servers) => servers,
    alert: "ServiceDown",
    services: (servers) => servers,
  },
  {
    title: "PostgreSQL",
    stopped: one("postgres"),
    alert: "PostgresDown",
    services: one("postgres"),
  },
  {
    title: "PgBouncer",
    stopped: one("pgbouncer"),
    alert: "PgbouncerDown",
    services: one("pgbouncer"),
  },
  { title: "the gateway", stopped: one("gateway"), alert: "GatewayDown", services: one("gateway") },
];
/** What follows from these faults, and is muted by their own alerts. */
const muted = /^(GatewayBackendDown|DatabaseConnectionFailure|TargetDown)$/;

// Ten servers with the numbers that a user has; from a scrape to a message at a receiver's door.
describe("alerts of a live fleet", () => {
  const live = new LiveFleet();
  const receiver = new WebhookReceiver();
  const rows: Record<string, string | number>[] = [];
  let load: RunningLoad | undefined;

  beforeAll(async () => {
    await receiver.listen();
    await live.create();
    await live.deploy();
  });
  afterAll(async () => {
    await load?.stop();
    console.table(rows);
    await receiver.close();
    await live.dispose();
  });

  const numbers = ["scrapeIntervalSeconds=15", "scrapeTimeoutSeconds=10"];
  const sets = [
    ...[...numbers, "evaluationIntervalSeconds=15"].map(
      (number) => `monitoring.prometheus.${number}`,
    ),
    `monitoring.alertmanager.receivers=${JSON.stringify(
      ["pager", "desk", "pulse"].map((name) => ({ name, kind: "webhook" })),
    )}`,
    ...['critical=["pager"]', 'warning=["desk"]', 'heartbeat=["pulse"]'].map(
      (route) => `monitoring.alertmanager.routes.${route}`,
    ),
  ].flatMap((set) => ["--set", set]);

  it("reach nobody before their receivers have a secret, and that is refused", async () => {
    const { code, stderr } = await live.fleet.run("up", ...sets);
    expect(code).toBe(1);
    expect(stderr).toContain("pulumi config set --secret mcp-fleet:receivers");
  });

  it("reach the receiver of the heartbeat once they have", async () => {
    const secrets = ["pager", "desk", "pulse"].map((name) => [name, receiver.url(name)]);
    await live.fleet.setSecret("mcp-fleet:receivers", JSON.stringify(Object.fromEntries(secrets)));
    await live.up("receivers", ...sets);
    await until(180, () => told(0, "Watchdog", "firing").length > 0, "the heartbeat");
    expect(new Set(told(0, "Watchdog", "firing").map((entry) => entry.receiver))).toEqual(
      new Set(["pulse"]),
    );
  });

  it(
    "are silent but for the heartbeat while all is well, under load",
    async () => {
      load = startLoad({
        targets: Object.entries(live.first.servers).map(([name, url]) => ({ name, url })),
        token: live.tokens.primary,
        rate: 20,
      });
      const since = Date.now();
      await delay(quietSeconds * 1000);
      const heard = receiver.told.filter(({ at, alert }) => at > since && alert !== "Watchdog");
      rows.push({ fault: "none", told: heard.length, seconds: quietSeconds, also: names(heard) });
      expect(heard).toEqual([]);
      expect(told(since, "Watchdog", "firing").length).toBeGreaterThan(0);
    },
    (quietSeconds + 60) * 1000,
  );

  it.each(faults)(
    "tell the pager that somebody stopped $title, and that it is over",
    async ({ title, stopped, alert, services }) => {
      const { forSeconds } = allAlerts().find(({ name }) => name === alert)!;
      const expected = [...services(live.names())].sort();
      const containers = await Promise.all(
        stopped(live.names()).map((name) => live.container(name)),
      );
      const heardOf = (since: number, status: Told["status"]) => [
        ...new Set(told(since, alert, status).map(({ service }) => service)),
      ];
      const all = (heard: readonly string[]) => expected.every((name) => heard.includes(name));

      await Promise.all(containers.map((id) => docker.getContainer(id).stop({ t: 2 })));
      const begun = Date.now();
      try {
        const limit = forSeconds + slackSeconds;
        await until(
          limit,
          () => all(heardOf(begun, "firing")),
          `${alert} of ${expected.join(", ")}`,
        );
      } finally {
        await Promise.all(containers.map((id) => docker.getContainer(id).start()));
      }
      const over = Date.now();
      await until(resolvedSeconds, () => all(heardOf(over, "resolved")), `the end of ${alert}`);
      const firing = told(begun, alert, "firing");
      const also = receiver.told.filter(
        ({ at, status, alert: name }) =>
          at > begun && status === "firing" && name !== alert && name !== "Watchdog",
      );
      rows.push({
        fault: title,
        alert: `${alert}, ${forSeconds} s`,
        told: expected.length,
        seconds: seconds(begun, Math.max(...firing.map(({ at }) => at))),
        resolved: seconds(over, Date.now()),
        also: names(also),
      });
      expect(new Set(firing.map((entry) => entry.receiver))).toEqual(new Set(["pager"]));
      expect(names(also.filter(({ alert: name }) => muted.test(name)))).toBe("");
    },
    1_200_000,
  );

  it("stop the heartbeat when Prometheus stops", async () => {
    const prometheus = docker.getContainer(await live.container("prometheus"));
    await prometheus.stop();
    const begun = Date.now();
    try {
      const limit = silenceSeconds + slackSeconds;
      await until(limit, () => told(begun, "Watchdog", "resolved").length > 0, "the silence");
    } finally {
      await prometheus.start();
    }
    const over = Date.now();
    rows.push({ fault: "Prometheus", alert: "no Watchdog", seconds: seconds(begun, over) });
    await until(
      resolvedSeconds,
      () => told(over, "Watchdog", "firing").length > 0,
      "the heartbeat",
    );
  }, 1_200_000);

  function told(since: number, alert: string, status: Told["status"]): readonly Told[] {
    return receiver.told.filter(
      (entry) => entry.at > since && entry.alert === alert && entry.status === status,
    );
  }
});

function names(entries: readonly Told[]): string {
  return [...new Set(entries.map(({ alert }) => alert))].sort().join(", ");
}

const seconds = (from: number, to: number): string => ((to - from) / 1000).toFixed(0);

/** @param limit seconds. */
async function until(limit: number, done: () => boolean, what: string): Promise<void> {
  const look = () => {
    if (!done()) throw new Error(`${what}: not told within ${limit} s`);
  };
  await vi.waitFor(look, { timeout: limit * 1000, interval: 500 });
}

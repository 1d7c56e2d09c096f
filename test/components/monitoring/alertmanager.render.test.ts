import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { renderAlertmanager } from "../../../components/monitoring/alertmanager.render.ts";
import { allAlerts } from "../../../components/monitoring/alerts/catalogue.ts";
import { monitoringSchema } from "../../../components/monitoring/monitoring.schema.ts";
import { receiversOf } from "../../../components/monitoring/receivers.ts";
import { receivingFleet } from "./receiving-fleet.ts";

interface Route {
  receiver: string;
  matchers?: string[];
  group_by?: string[];
  group_wait: string;
  repeat_interval: string;
  group_interval: string;
  mute_time_intervals?: string[];
  routes?: Route[];
}
interface Config {
  route: Route;
  receivers: ({ name: string } & Record<string, Record<string, unknown>[]>)[];
  inhibit_rules: { source_matchers: string[]; target_matchers: string[]; equal?: string[] }[];
  time_intervals?: unknown[];
}

const configOf = (monitoring: object = {}) =>
  parse(renderAlertmanager(monitoringSchema.parse(monitoring))["alertmanager.yml"]!) as Config;
const seconds = (text: string) =>
  Number.parseInt(text) * { h: 3600, m: 60, s: 1 }[text.slice(-1) as "h" | "m" | "s"];
const all = (config: Config) => [config.route, ...(config.route.routes ?? [])];

describe("renderAlertmanager", () => {
  it("ends at a receiver that says by its name that nobody is told, if there is none", () => {
    const config = configOf();
    expect(config.receivers).toEqual([{ name: "unrouted" }]);
    expect(new Set(all(config).map(({ receiver }) => receiver))).toEqual(new Set(["unrouted"]));
    expect(config.route.group_by).toEqual(["alertname", "service"]);
  });

  it("routes to receivers that exist, and has none that no route leads to", () => {
    const config = configOf(receivingFleet);
    const named = new Set(config.receivers.map(({ name }) => name));
    expect(new Set(all(config).map(({ receiver }) => receiver))).toEqual(named);
  });

  it("repeats the heartbeat sooner than any other alert, and not faster than its group", () => {
    const config = configOf(receivingFleet);
    const [heartbeat, ...others] = config.route.routes!;
    expect(heartbeat?.matchers).toEqual(['alertname="Watchdog"']);
    for (const route of others.filter(({ repeat_interval }) => repeat_interval)) {
      expect(seconds(heartbeat!.repeat_interval)).toBeLessThan(seconds(route.repeat_interval));
    }
    for (const route of all(config).filter(({ repeat_interval }) => repeat_interval)) {
      expect(seconds(route.repeat_interval)).toBeGreaterThanOrEqual(seconds(route.group_interval));
    }
  });

  it("tells of what is critical and of warnings within 20 s", () => {
    for (const { matchers = [], group_wait } of configOf(receivingFleet).route.routes!) {
      if (/critical|warning/.test(matchers.join()))
        expect(seconds(group_wait)).toBeLessThanOrEqual(20);
    }
  });

  it("names secrets by their files, and holds none", () => {
    const { receivers } = configOf(receivingFleet);
    const at = (name: string) => receivers.find((receiver) => receiver.name === name)!;
    const path = (name: string) => `/etc/alertmanager/current/receiver-${name}`;
    expect(at("pager")["pagerduty_configs"]).toMatchObject([{ routing_key_file: path("pager") }]);
    expect(at("mail+team")).toMatchObject({
      slack_configs: [{ api_url_file: path("team"), channel: "#mcp" }],
      email_configs: [
        { auth_username: "alerts", auth_password_file: path("mail"), to: "ops@example.com" },
      ],
    });
    expect(at("hook")["webhook_configs"]).toMatchObject([{ url_file: path("hook") }]);
  });

  it("calls PagerDuty where the fleet file says, else where Alertmanager does, and never without TLS", () => {
    const withUrl = (url?: string) => ({
      alertmanager: {
        receivers: [{ name: "pager", kind: "pagerduty", ...(url !== undefined && { url }) }],
        routes: { critical: ["pager"] },
      },
    });
    const urlOf = (config: Config) => config.receivers[0]!["pagerduty_configs"]![0]!["url"];
    const eu = "https://events.eu.pagerduty.com/v2/enqueue";
    expect(urlOf(configOf(withUrl(eu)))).toBe(eu);
    expect(urlOf(configOf(withUrl()))).toBeUndefined();
    expect(() => configOf(withUrl(eu.replace("https", "http")))).toThrow(/https:/);
  });

  it("mutes in maintenance what the window names, and nothing else", () => {
    const config = configOf(receivingFleet);
    expect(config.time_intervals).toEqual([
      {
        name: "sunday-night",
        time_intervals: [
          {
            times: [{ start_time: "02:00", end_time: "04:00" }],
            weekdays: ["sunday"],
            location: "Europe/Berlin",
          },
        ],
      },
    ]);
    for (const { matchers = [], mute_time_intervals } of config.route.routes!) {
      const muted = /severity="(warning|info)"/.test(matchers.join());
      expect(mute_time_intervals, matchers.join()).toEqual(muted ? ["sunday-night"] : undefined);
    }
  });

  it("demands of both sides of every inhibition what it compares", () => {
    for (const rule of configOf().inhibit_rules) {
      for (const label of rule.equal ?? []) {
        expect(rule.source_matchers).toContain(`${label}=~".+"`);
        expect(rule.target_matchers).toContain(`${label}=~".+"`);
      }
    }
  });

  it("names alerts that exist, and lets no alert mute its own cause", () => {
    const names = new Set(allAlerts().map(({ name }) => name));
    const causes = new Map<string, string[]>();
    for (const { source_matchers, target_matchers } of configOf().inhibit_rules) {
      const source = /"(.*)"/.exec(source_matchers[0]!)![1]!;
      const targets = /"(.*)"/.exec(target_matchers[0]!)![1]!.split("|");
      for (const name of [source, ...targets]) expect(names).toContain(name);
      for (const target of targets) causes.set(target, [...(causes.get(target) ?? []), source]);
    }
    const ancestors = (name: string, seen: readonly string[]): string[] =>
      (causes.get(name) ?? []).flatMap((cause) => {
        expect(seen).not.toContain(cause);
        return [cause, ...ancestors(cause, [...seen, cause])];
      });
    for (const name of causes.keys()) ancestors(name, [name]);
    expect(causes.get("HighErrorRate")).toEqual(
      expect.arrayContaining(["ServiceDown", "PostgresDown", "CriticalErrorRate"]) as string[],
    );
  });

  it("leaves out what concerns an alert that is switched off", () => {
    const config = configOf({ alerts: { PostgresDown: { enabled: false } } });
    expect(JSON.stringify(config.inhibit_rules)).not.toContain("PostgresDown");
  });

  it("tells somebody of every critical alert, whatever the service, once there is a receiver", () => {
    const { alertmanager } = monitoringSchema.parse(receivingFleet);
    fc.assert(
      fc.property(fc.constantFrom(...allAlerts()), fc.string(), (alert, service) => {
        const told = receiversOf(alertmanager, {
          alertname: alert.name,
          severity: alert.severity,
          service,
        });
        expect(told.length > 0).toBe(true);
      }),
    );
  });
});

import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { renderAlertmanager } from "../../../components/monitoring/alertmanager.render.ts";

interface Route {
  receiver: string;
  matchers?: string[];
  group_by?: string[];
  repeat_interval: string;
  group_interval: string;
  routes?: Route[];
}
const config = parse(renderAlertmanager()["alertmanager.yml"]!) as {
  route: Route;
  receivers: { name: string }[];
  inhibit_rules: { source_matchers: string[]; target_matchers: string[]; equal: string[] }[];
};

describe("renderAlertmanager", () => {
  it("ends at a receiver that says by its name that nobody is told", () => {
    expect(config.receivers).toEqual([{ name: "unrouted" }]);
    expect(config.route).toMatchObject({
      receiver: "unrouted",
      group_by: ["alertname", "service"],
    });
  });

  it("routes to receivers that exist", () => {
    const names = config.receivers.map(({ name }) => name);
    for (const route of [config.route, ...(config.route.routes ?? [])]) {
      expect(names).toContain(route.receiver);
    }
  });

  it("repeats the heartbeat sooner than any other alert, and not faster than its group", () => {
    const seconds = (text: string) =>
      Number.parseInt(text) * { h: 3600, m: 60, s: 1 }[text.slice(-1) as "h" | "m" | "s"];
    const heartbeat = config.route.routes?.[0];
    expect(heartbeat?.matchers).toEqual(['alertname="Watchdog"']);
    expect(seconds(heartbeat!.repeat_interval)).toBeLessThan(seconds(config.route.repeat_interval));
    expect(seconds(heartbeat!.repeat_interval)).toBeGreaterThanOrEqual(
      seconds(heartbeat!.group_interval),
    );
  });

  it("demands of both sides of every inhibition what it compares", () => {
    for (const rule of config.inhibit_rules) {
      for (const label of rule.equal) {
        expect(rule.source_matchers).toContain(`${label}=~".+"`);
        expect(rule.target_matchers).toContain(`${label}=~".+"`);
      }
    }
  });
});

import { describe, expect, it } from "vitest";
import { alertmanagerSchema } from "../../../components/monitoring/alertmanager.schema.ts";
import { checkReceivers } from "../../../infra/config/index.ts";
import { testCases, type Case } from "./bad-input-case.ts";
import { fleet } from "./fixture.ts";

const receivers = "receivers: [{name: hook, kind: webhook}]";
const critical = "routes: {critical: [hook]}";
const alertmanager = (...lines: string[]) =>
  fleet(`monitoring: {alertmanager: {${lines.join(", ")}}}`);
const alerts = (text: string) => fleet(`monitoring: {alerts: {${text}}}`);

const cases: readonly Case[] = [
  {
    name: "an alert that there is not",
    text: alerts("HighLatency: {for: 5m}"),
    path: "monitoring.alerts.HighLatency",
    says: ["unknown setting", "did you mean HighLatency"],
  },
  {
    name: "a threshold that there is not",
    text: alerts("HighErrorRate: {thresholds: {rate: 5%}}"),
    path: "monitoring.alerts.HighErrorRate.thresholds.rate",
    says: ["unknown setting", "known here: ratio, minimumCalls"],
  },
  {
    name: "a threshold in another unit",
    text: alerts("HighLatencyP95: {thresholds: {time: 5%}}"),
    path: "monitoring.alerts.HighLatencyP95.thresholds.time",
    says: ['got "5%"', "a time with its unit, such as 250ms or 1s"],
  },
  {
    name: "a threshold without a unit",
    text: alerts("HighLatencyP95: {thresholds: {time: 250}}"),
    path: "monitoring.alerts.HighLatencyP95.thresholds.time",
    says: ["got 250", "with its unit"],
  },
  {
    name: "a warning above the critical one",
    text: alerts("HighErrorRate: {thresholds: {ratio: 15%}}"),
    path: "monitoring.alerts.HighErrorRate.thresholds.ratio",
    says: ["got 15 %", "has to fire before CriticalErrorRate (10 %)"],
  },
  {
    name: "a duration without a unit",
    text: alerts("HighErrorRate: {for: 300}"),
    path: "monitoring.alerts.HighErrorRate.for",
    says: ["a time with its unit, as in 90s, 5m or 1h"],
  },
  {
    name: "an objective that leaves no budget",
    text: fleet("monitoring: {slo: {availability: 1}}"),
    path: "monitoring.slo.availability",
    says: ["at most 0.99999"],
  },
  {
    name: "an objective for a time that is not counted",
    text: fleet("monitoring: {slo: {latencyMs: 150}}"),
    path: "monitoring.slo.latencyMs",
    says: ["one of 10, 20, 50, 100, 200"],
  },
  {
    name: "a route to nobody",
    text: alertmanager(receivers, "routes: {critical: [pager]}"),
    path: "monitoring.alertmanager.routes.critical[0]",
    says: ['got "pager"', "no such receiver", "hook"],
  },
  {
    name: "receivers that no critical alert reaches",
    text: alertmanager(receivers, "routes: {warning: [hook]}"),
    path: "monitoring.alertmanager.routes.critical",
    says: ["critical alerts reach nobody", "hook"],
  },
  {
    name: "a route for a service that there is not",
    text: alertmanager(
      receivers,
      "routes: {critical: [hook], services: [{services: [postgre], receivers: [hook]}]}",
    ),
    path: "monitoring.alertmanager.routes.services[0].services[0]",
    says: ['got "postgre"', "no such service", "did you mean postgres?"],
  },
  {
    name: "two receivers of one name",
    text: alertmanager(
      "receivers: [{name: hook, kind: webhook}, {name: hook, kind: pagerduty}]",
      critical,
    ),
    path: "monitoring.alertmanager.receivers[1].name",
    says: ["another one has this name"],
  },
  {
    name: "an unknown kind of receiver",
    text: alertmanager("receivers: [{name: hook, kind: pigeon}]"),
    path: "monitoring.alertmanager.receivers.hook.kind",
    says: ["webhook, slack, pagerduty or email"],
  },
  {
    name: "a window that ends before it begins",
    text: alertmanager("maintenance: [{name: night, from: '23:00', to: '01:00'}]"),
    path: "monitoring.alertmanager.maintenance.night.to",
    says: ['got "01:00"', "has to end after it begins (23:00)"],
  },
];

describe("what cannot work in monitoring", () => {
  testCases(cases);
});

describe("secrets of receivers", () => {
  const spec = alertmanagerSchema.parse({
    receivers: [
      { name: "hook", kind: "webhook" },
      { name: "pager", kind: "pagerduty" },
      {
        name: "mail",
        kind: "email",
        to: "a@example.com",
        from: "b@example.com",
        smarthost: "mail.example.com:25",
      },
    ],
    routes: { critical: ["hook"] },
  });
  const good = {
    hook: "https://hooks.example.com/T0/opensesame",
    pager: "0123456789abcdef".repeat(2),
  };
  const check = (secrets: unknown) => checkReceivers(JSON.stringify(secrets), spec);

  it("are complete", () => {
    expect(check(good)).toEqual([]);
    expect(checkReceivers(undefined, alertmanagerSchema.parse({}))).toEqual([]);
  });

  it("are refused together, and never shown", () => {
    const problems = [
      ...checkReceivers(undefined, spec),
      ...check({ ...good, hook: "opensesame", pagr: good.pager, mail: "opensesame" }),
      ...check({ hook: 5 }),
      ...checkReceivers("opensesame", spec),
    ];
    expect(problems.map(({ path, allowed, fix }) => [path, `${allowed}; ${fix ?? ""}`])).toEqual([
      [
        "mcp-fleet:receivers.hook",
        expect.stringContaining("the webhook receiver hook cannot tell"),
      ],
      ["mcp-fleet:receivers.pager", expect.stringContaining("pulumi config set --secret")],
      ["mcp-fleet:receivers.hook", expect.stringContaining("has to be a URL")],
      ["mcp-fleet:receivers.pagr", expect.stringContaining("did you mean pager?")],
      ["mcp-fleet:receivers.mail", expect.stringContaining("no receiver with a secret")],
      ["mcp-fleet:receivers", expect.stringContaining("JSON of the form")],
      ["mcp-fleet:receivers", expect.stringContaining("JSON of the form")],
    ]);
    expect(JSON.stringify(problems)).not.toMatch(/opensesame|0123456789abcdef/);
  });
});

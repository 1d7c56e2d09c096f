import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse, stringify } from "yaml";
import { renderAlertmanager } from "../../components/monitoring/alertmanager.render.ts";
import { allAlerts } from "../../components/monitoring/alerts/catalogue.ts";
import { fillTemplate } from "../../components/monitoring/alerts/template.ts";
import { monitoringSchema } from "../../components/monitoring/monitoring.schema.ts";
import { docker } from "./gateway-harness.ts";
import { monitoringImage, must, RunningProgram, until } from "./monitoring-harness.ts";
import { ReceivingServices, type PagerEvent, type SlackMessage } from "./receiving-services.ts";

/** Every kind of receiver is told by our Alertmanager, over TLS, that an alert fires and that it ended. */

const names = ["hook", "mail", "pager", "team"] as const;
const secrets = {
  key: "0123456789abcdef0123456789abcdef",
  password: "pass word: that-nobody-may-see",
  slackPath: "/services/T0000/B0000/that-nobody-may-see",
};
const runbooks = "https://runbooks.example.com";
const login = { username: "alerts", password: secrets.password };

/** An alert of the catalogue with the texts that Prometheus would fill in. */
function alertOf(name: string, service: string, runbooks: string) {
  const rule = allAlerts()
    .find((alert) => alert.name === name)!
    .rule({ scrapeIntervalSeconds: 15, runbooks });
  const labels = {
    alertname: name,
    ...{ fleet: "writing", environment: "staging" },
    ...rule.labels,
    service,
  };
  const annotations = Object.fromEntries(
    Object.entries(rule.annotations).map(([key, text]) => [key, fillTemplate(text, labels, 0.2)]),
  ) as Record<keyof typeof rule.annotations, string>;
  return { labels, annotations };
}
const critical = alertOf("ServiceDown", "scene", runbooks);
const warning = alertOf("HighErrorRate", "review", "docs/runbooks");
const link = `${runbooks}/ServiceDown.md`;

const network = `mcp-fleet-test-delivery-${process.pid}`;
const alertmanager = new RunningProgram("alertmanager");
const directory = mkdtempSync(join(tmpdir(), "delivery-"));
let services: ReceivingServices;

/** A certificate for one address that is its own authority. */
function certificateFor(address: string): { readonly cert: string; readonly key: string } {
  execFileSync(
    "openssl",
    [
      ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc"],
      ...["-subj", "/CN=receivers of the test", "-days", "2", "-keyout", "key.pem"],
      ...["-out", "cert.pem", "-addext", `subjectAltName=IP:${address}`],
    ],
    { cwd: directory, stdio: "pipe" },
  );
  const read = (file: string) => readFileSync(join(directory, file), "utf8");
  return { cert: read("cert.pem"), key: read("key.pem") };
}

/** As rendered, at a pace that a test can wait for. */
function hurried(yaml: string): string {
  const config = parse(yaml) as { route: { routes: object[] } };
  const pace = { group_wait: "1s", group_interval: "2s" };
  const routes = config.route.routes.map((route) => ({ ...route, ...pace }));
  return stringify({ ...config, route: { ...config.route, ...pace, routes } });
}

beforeAll(async () => {
  await must("network", "create", "--label=mcp-fleet-test=monitoring", network);
  const host = await must(
    ...["network", "inspect", "--format={{(index .IPAM.Config 0).Gateway}}", network],
  );
  services = new ReceivingServices(certificateFor(host), login, secrets.slackPath);
  const ports = await services.listen(host);
  const web = `https://${host}:${ports.web}`;
  const spec = monitoringSchema.parse({
    runbooks,
    alertmanager: {
      receivers: [
        { name: "hook", kind: "webhook" },
        { name: "team", kind: "slack", channel: "#mcp" },
        { name: "pager", kind: "pagerduty", url: `${web}/v2/enqueue` },
        {
          ...{ name: "mail", kind: "email", to: "ops@example.com", from: "alerts@example.com" },
          ...{ smarthost: `${host}:${ports.smtp}`, username: login.username },
        },
      ],
      routes: { critical: names },
    },
  });
  const { "alertmanager.yml": config = "" } = renderAlertmanager(spec);
  alertmanager.versions.write("v1", {
    "alertmanager.yml": hurried(config),
    "receiver-hook": `${web}/hook`,
    "receiver-team": `${web}${secrets.slackPath}`,
    "receiver-pager": secrets.key,
    "receiver-mail": secrets.password,
  });
  alertmanager.versions.makeCurrent("v1");
  await alertmanager.start(
    await monitoringImage("alertmanager"),
    network,
    [],
    // Beside the authorities that the image trusts anyway.
    [`-v=${directory}/cert.pem:/etc/ssl/certs/receivers-of-the-test.pem:ro`],
  );
});
afterAll(async () => {
  await alertmanager.stop();
  await docker("network", "rm", network);
  await services?.close();
  rmSync(directory, { recursive: true, force: true });
});

const send = async (alerts: readonly object[], ended: boolean) => {
  const at = (seconds: number) => new Date(Date.now() + seconds * 1000).toISOString();
  // An alert that began longer ago than `group_wait` is told at once, without those that come with it.
  const times = ended ? { startsAt: at(-60), endsAt: at(-1) } : { startsAt: at(0) };
  const { status } = await alertmanager.post(
    "/api/v2/alerts",
    alerts.map((alert) => ({ ...alert, ...times })),
  );
  expect(status).toBe(200);
};

/** What each receiver was told of the alerts of one service, as a person sees it. */
const told = (service: string) => ({
  hook: services.webhook.filter(({ alerts }) => alerts[0]?.labels["service"] === service),
  team: services.slack.flatMap(({ attachments }) =>
    attachments.filter(({ title }) => title.includes(service)),
  ),
  pager: services.pagerduty.filter(({ payload }) => payload.component === service),
  mail: services.mail.filter(({ subject = "" }) => subject.includes(service)),
});
const untilTold = (service: string, times: number) =>
  until(
    () => Promise.resolve(told(service)),
    (found) => names.every((name) => found[name].length >= times),
    `every receiver is told ${times} times of ${service}; refused: ${services.refused.join("; ")}`,
  );

describe("an alert that fires and ends", () => {
  let found: ReturnType<typeof told>;
  const title = (state: string) =>
    `[${state}] critical: ${critical.annotations.summary} (writing, staging)`;
  const text = [critical.annotations.description, link, ""].join("\n");

  beforeAll(async () => {
    await send([critical], false);
    await untilTold("scene", 1);
    await send([critical], true);
    found = await untilTold("scene", 2);
  });

  it("reaches each receiver once each time, though each of them failed at first", () => {
    expect(names.map((name) => found[name].length)).toEqual([2, 2, 2, 2]);
    expect(services.refused).toEqual([]);
  });

  it("is told to a webhook with all that is known", () => {
    expect(found.hook.map(({ status }) => status)).toEqual(["firing", "resolved"]);
    for (const { status, alerts } of found.hook)
      expect(alerts).toMatchObject([{ status, ...critical }]);
  });

  it("is told to Slack in its channel, with what to do", () => {
    expect(found.team).toMatchObject([
      { title: title("FIRING"), text, color: "danger" },
      { title: title("RESOLVED"), text: `Resolved: ${text}`, color: "good" },
    ] satisfies Partial<SlackMessage["attachments"][number]>[]);
    expect(services.slack.map(({ channel }) => channel)).toEqual(["#mcp", "#mcp"]);
  });

  it("is one incident at PagerDuty, which its end closes", () => {
    expect(found.pager).toMatchObject([
      {
        routing_key: secrets.key,
        event_action: "trigger",
        payload: {
          summary: title("FIRING"),
          severity: "critical",
          source: "writing staging",
          component: "scene",
          class: "ServiceDown",
        },
        links: [{ href: link, text: "Runbook" }],
      },
      { event_action: "resolve" },
    ] satisfies Partial<{ [K in keyof PagerEvent]: unknown }>[]);
    expect(found.pager[0]!.payload.custom_details?.["firing"]).toContain(
      critical.annotations.description,
    );
    const keys = found.pager.map(({ dedup_key }) => dedup_key);
    expect(keys[0]).toMatch(/^[0-9a-f]{64}$/);
    expect(keys[1]).toBe(keys[0]);
  });

  it("is told by e-mail, to be read with and without HTML", () => {
    const parts = found.mail.map(({ from, to, subject, text: plain = "" }) => ({
      from: from?.address,
      to: to?.map(({ address }) => address),
      subject,
      plain: plain.replaceAll("\r\n", "\n").trim(),
    }));
    const addressed = { from: "alerts@example.com", to: ["ops@example.com"] };
    expect(parts).toEqual([
      { ...addressed, subject: title("FIRING"), plain: text.trim() },
      { ...addressed, subject: title("RESOLVED"), plain: `Resolved: ${text.trim()}` },
    ]);
    for (const { html = "" } of found.mail) {
      for (const part of ["severity = critical", "service = scene", "summary = ", link]) {
        expect(html).toContain(part);
      }
    }
  });
});

describe("a warning of two instances, with its runbook in the repository", () => {
  const [first, second] = ["a", "b"].map((instance) => ({
    labels: { ...warning.labels, instance },
    annotations: { ...warning.annotations, description: `Instance ${instance} fails.` },
  }));
  let found: ReturnType<typeof told>;

  beforeAll(async () => {
    await send([first!, second!], false);
    await untilTold("review", 1);
    await send([first!], true);
    found = await untilTold("review", 2);
  });

  it("is another incident, with its own severity and without a link that leads nowhere", () => {
    const [event] = found.pager;
    expect(event).toMatchObject({ payload: { severity: "warning" } });
    expect(event!.links ?? []).toEqual([]);
    expect(event!.dedup_key).not.toBe(told("scene").pager[0]?.dedup_key);
    expect(found.pager.map(({ event_action }) => event_action)).toEqual(["trigger", "trigger"]);
  });

  it("is told apart by instance when one of them has ended", () => {
    const [runbook, title] = [
      warning.annotations.runbook_url,
      `[FIRING] warning: ${warning.annotations.summary} (writing, staging)`,
    ];
    expect(found.team).toMatchObject([
      { title, text: `Instance a fails.\n${runbook}\nInstance b fails.\n${runbook}\n` },
      { title, text: `Instance b fails.\n${runbook}\nResolved: Instance a fails.\n${runbook}\n` },
    ]);
  });
});

it("shows no secret: not in its configuration, metrics or log, and the engine shows none of the container", async () => {
  const { config } = (await alertmanager.getJson("/api/v2/status")) as {
    config: { original: string };
  };
  expect(config.original).toContain("routing_key_file");
  const log = await docker("logs", alertmanager.name);
  // Failures are what a log is written about, and the first attempt of each receiver was one.
  expect(log.output).toMatch(/Notify attempt failed/);
  const metrics = await docker("exec", alertmanager.name, "bash", "-c", scrape);
  expect(metrics.output).toContain("alertmanager_notifications_total");
  const inspected = await must("inspect", alertmanager.name);
  const everything = [config.original, log.output, metrics.output, inspected].join("\n");
  for (const secret of Object.values(secrets)) expect(everything).not.toContain(secret);
});

it("trusts the authorities that the services of this world are signed by", async () => {
  const bundle = "/etc/ssl/certs/ca-certificates.crt";
  const count = await must("exec", alertmanager.name, "grep", "-c", "BEGIN CERTIFICATE", bundle);
  expect(Number(count)).toBeGreaterThan(100);
});

const scrape =
  "exec 3<>/dev/tcp/127.0.0.1/9093; printf 'GET /metrics HTTP/1.0\\r\\n\\r\\n' >&3; cat <&3";

/**
 * Boots the real Grafana image with what is provisioned for a running stack, and asks it for every panel by its own
 * interface: `node --import tsx bench/grafana.ts --stack staging`. Exit code 1 if anything is missing or without data.
 *
 * UNVERIFIED: Grafana's image could not be had where this was written. What it does with Grafana's answers is tested
 * against a stand-in; the image itself, its entry point and its way to read these files have not been seen.
 */
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs, promisify } from "node:util";
import { fleetDashboards } from "../components/monitoring/dashboards/fleet-dashboards.ts";
import {
  renderGrafanaDashboards,
  renderGrafanaDatasources,
} from "../components/monitoring/grafana.render.ts";
import { loadStackFleet } from "../infra/cli/commands/config.ts";
import { checkGrafana } from "../infra/dashboards/check-grafana.ts";
import { fleet, rootDir } from "./stack.ts";

const { values } = parseArgs({
  options: {
    stack: { type: "string", default: "staging" },
    image: { type: "string" },
    port: { type: "string", default: "33000" },
  },
});
const run = promisify(execFile);
const name = `mcp-fleet-grafana-check-${process.pid}`;
const startSeconds = 120;
const rangeMs = 15 * 60_000;

const { fleet: spec } = loadStackFleet({ rootDir, stack: values.stack, sets: [], env: {} });
const { stdout } = await fleet("outputs", "--stack", values.stack, "--json");
const { prometheusUrl } = JSON.parse(stdout) as { prometheusUrl: string };
const dashboards = fleetDashboards(spec.monitoring);
const url = `http://127.0.0.1:${values.port}`;
const password = randomBytes(16).toString("hex");
const directory = mkdtempSync(join(tmpdir(), "mcp-fleet-grafana-"));

/** The files of a stack, but with Prometheus as the host sees it. */
function writeFiles(): void {
  // A temporary directory is private to its owner; Grafana is another user.
  chmodSync(directory, 0o755);
  const datasources = renderGrafanaDatasources({
    prometheus: "prometheus",
    alertmanager: "alertmanager",
    scrapeIntervalSeconds: spec.monitoring.prometheus.scrapeIntervalSeconds,
  });
  const folders = {
    datasources: Object.fromEntries(
      Object.entries(datasources).map(([file, content]) => [
        file,
        content.replace("http://prometheus:9090", prometheusUrl),
      ]),
    ),
    dashboards: renderGrafanaDashboards(
      Object.fromEntries(dashboards.map(({ file, content }) => [file, content])),
    ),
    secret: { "admin-password": password },
  };
  for (const [folder, files] of Object.entries(folders)) {
    mkdirSync(join(directory, folder));
    for (const [file, content] of Object.entries(files)) {
      writeFileSync(join(directory, folder, file), content);
    }
  }
}

async function untilHealthy(): Promise<void> {
  const deadline = Date.now() + startSeconds * 1000;
  for (;;) {
    const answer = await fetch(`${url}/api/health`).catch(() => undefined);
    if (answer?.ok) return;
    if (Date.now() > deadline) {
      const { stdout: log } = await run("docker", ["logs", "--tail", "30", name]);
      throw new Error(`Grafana did not start within ${startSeconds} s:\n${log}`);
    }
    await sleep(1000);
  }
}

try {
  writeFiles();
  await run("docker", [
    ...["run", "--detach", "--name", name, "--network=host"],
    ...["--env", "GF_SERVER_HTTP_ADDR=127.0.0.1", "--env", `GF_SERVER_HTTP_PORT=${values.port}`],
    ...["--env", "GF_SECURITY_ADMIN_PASSWORD__FILE=/run/secrets/fleet/admin-password"],
    ...[
      "--env",
      "GF_UNIFIED_ALERTING_ENABLED=false",
      "--env",
      "GF_PLUGINS_PREINSTALL_DISABLED=true",
    ],
    ...["--volume", `${directory}/datasources:/etc/grafana/provisioning/datasources:ro`],
    ...["--volume", `${directory}/dashboards:/etc/grafana/provisioning/dashboards:ro`],
    ...["--volume", `${directory}/secret:/run/secrets/fleet:ro`],
    values.image ?? spec.monitoring.grafana.image,
  ]);
  await untilHealthy();
  const to = Date.now();
  const { problems, explained, panels, queries } = await checkGrafana(dashboards, {
    url,
    login: `admin:${password}`,
    from: to - rangeMs,
    to,
    variables: { server: spec.servers.slice(0, 1).map((server) => server.name) },
  });
  for (const line of explained) console.log(`empty, as it may be: ${line}`);
  for (const line of problems) console.error(`PROBLEM ${line}`);
  console.log(
    JSON.stringify({ dashboards: dashboards.length, panels, queries, problems: problems.length }),
  );
  process.exitCode = problems.length > 0 ? 1 : 0;
} finally {
  await run("docker", ["rm", "--force", "--volumes", name]).catch(() => undefined);
  rmSync(directory, { recursive: true, force: true });
}

import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePorts } from "./free-ports.ts";
import { median, rootDir } from "./stack.ts";

const sizes = listOf("--sizes", "10,100,500").map(Number);
const platforms = listOf("--platforms", "kubernetes");
const rounds = Number(listOf("--rounds", "1")[0]);
/** Between two looks at the memory, milliseconds: a preview takes seconds. */
const lookMs = 50;

function listOf(option: string, usual: string): string[] {
  const at = process.argv.indexOf(option);
  return ((at >= 0 && process.argv[at + 1]) || usual).split(",");
}

interface Measured {
  readonly seconds: number;
  readonly peakMb: number;
}

/** A fleet file with so many servers. What each of them takes of the database is set so that the rules let it through. */
function fleetFile(servers: number): string {
  const poolSize = 2;
  const lines = Array.from({ length: servers }, (_, index) => {
    const name = `server-${String(index + 1).padStart(3, "0")}`;
    return `  - { name: ${name}, domain: scene, port: ${12_000 + index} }`;
  });
  return [
    "name: size",
    "serverDefaults:",
    `  poolSize: ${poolSize}`,
    "pgbouncer:",
    "  minPoolSize: 0",
    // Two releases side by side.
    `  maxClientConnections: ${Math.max(1000, 2 * poolSize * servers)}`,
    "servers:",
    ...lines,
    "",
  ].join("\n");
}

async function stackFile(platform: string, fleet: string): Promise<string> {
  const [gateway, prometheus, alertmanager, grafana] = await freePorts(4);
  return JSON.stringify({
    config: {
      "mcp-fleet:fleet": fleet,
      "mcp-fleet:platform": platform,
      "mcp-fleet:set": {
        "gateway.port": gateway,
        "monitoring.prometheus.port": prometheus,
        "monitoring.alertmanager.port": alertmanager,
        "monitoring.grafana.port": grafana,
      },
    },
  });
}

/** Resident memory of a process and of everything that it started, MiB. Linux only. */
function residentMb(root: number): number {
  const parents = new Map<number, number>();
  const resident = new Map<number, number>();
  for (const entry of readdirSync("/proc")) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      const status = readFileSync(`/proc/${entry}/status`, "utf8");
      parents.set(Number(entry), Number(/^PPid:\s+(\d+)/m.exec(status)?.[1]));
      resident.set(Number(entry), Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0));
    } catch {
      // It has ended in the meantime.
    }
  }
  const ofRoot = (pid: number | undefined): boolean =>
    pid !== undefined && pid !== 0 && (pid === root || ofRoot(parents.get(pid)));
  const all = [...resident].filter(([pid]) => ofRoot(pid)).map(([, kb]) => kb);
  return all.reduce((sum, kb) => sum + kb, 0) / 1024;
}

async function preview(stack: string, env: NodeJS.ProcessEnv): Promise<Measured> {
  const started = performance.now();
  const child = spawn(join(rootDir, "fleet"), ["preview", "--stack", stack], {
    env: { ...process.env, ...env },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let [stderr, peakMb] = ["", 0];
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const look = setInterval(() => (peakMb = Math.max(peakMb, residentMb(child.pid!))), lookMs);
  const code = await new Promise((resolve) => child.on("close", resolve));
  clearInterval(look);
  if (code !== 0) throw new Error(`./fleet preview ended with ${String(code)}:\n${stderr}`);
  return { seconds: (performance.now() - started) / 1000, peakMb };
}

const folder = mkdtempSync(join(tmpdir(), "mcp-fleet-bench-"));
const results: (Measured & { readonly platform: string; readonly servers: number })[] = [];
// State of their own: nothing of these stacks is left behind, and no cluster is asked.
const env = {
  PULUMI_BACKEND_URL: `file://${folder}`,
  PULUMI_CONFIG_PASSPHRASE: "benchmark",
  XDG_CONFIG_HOME: folder,
  KUBECONFIG: join(folder, "none"),
};
console.log("platform    servers  seconds  seconds/server  peak MiB  MiB/server");
try {
  for (const platform of platforms) {
    for (const servers of sizes) {
      const stack = `size-${servers}`;
      const fleet = join(folder, `${stack}.yaml`);
      const settings = join(rootDir, `Pulumi.${stack}.yaml`);
      writeFileSync(fleet, fleetFile(servers));
      writeFileSync(settings, await stackFile(platform, fleet));
      try {
        const runs: Measured[] = [];
        for (let round = 0; round < rounds; round += 1) runs.push(await preview(stack, env));
        results.push({
          ...{ platform, servers },
          seconds: median(runs.map(({ seconds }) => seconds)),
          peakMb: median(runs.map((run) => run.peakMb)),
        });
      } finally {
        rmSync(settings, { force: true });
      }
      print(results.length - 1);
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
console.log(JSON.stringify({ rounds, results }));

/** The rates are those between this size and the one before: even ones are a straight line. */
function print(index: number): void {
  const now = results[index]!;
  const before = results[index - 1];
  const same = before?.platform === now.platform;
  const rate = (of: (one: Measured) => number): string =>
    same ? ((of(now) - of(before)) / (now.servers - before.servers)).toFixed(3) : "-";
  console.log(
    [
      now.platform.padEnd(10),
      String(now.servers).padStart(8),
      now.seconds.toFixed(1).padStart(8),
      rate(({ seconds }) => seconds).padStart(15),
      now.peakMb.toFixed(0).padStart(9),
      rate(({ peakMb }) => peakMb).padStart(11),
    ].join(" "),
  );
}

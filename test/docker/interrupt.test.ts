import { existsSync, readdirSync, readFileSync } from "node:fs";
import { hostname, userInfo } from "node:os";
import { join } from "node:path";
import Docker from "dockerode";
import { afterAll, beforeAll, expect, it } from "vitest";
import { freePorts } from "../../bench/free-ports.ts";
import {
  madePassphrase,
  makeSandbox,
  randomStack,
  runFleet,
  startFleet,
  type Ended,
  type Sandbox,
} from "../engine/cli/run-fleet.ts";

/**
 * A run that is cut off, in the order in which it would happen to one stack: Ctrl-C, a killed machine, two people at
 * once, and the end of it. Each step starts from what the one before it left.
 */
const stack = randomStack("e2e-int");
let sandbox: Sandbox;
let stackFile: string;
let stackFileText: string;

const fleetFile = `name: drill
servers:
  - name: scene
    port: 3001
  - name: review
    port: 3002
`;

function up(...args: string[]) {
  return startFleet(["up", "--stack", stack, ...args], sandbox.env);
}

/** What Docker has of this stack, by kind. */
async function objects(): Promise<{ containers: string[]; networks: string[]; volumes: string[] }> {
  const docker = new Docker();
  const filters = { label: [`mcp-fleet/stack=${stack}`] };
  const [containers, networks, { Volumes }] = await Promise.all([
    docker.listContainers({ all: true, filters }),
    docker.listNetworks({ filters }),
    docker.listVolumes({ filters }),
  ]);
  return {
    containers: containers.map(({ Names }) => Names[0]!.slice(1)).sort(),
    networks: networks.map(({ Name }) => Name).sort(),
    volumes: Volumes.map(({ Name }) => Name).sort(),
  };
}

/** Everything that the state backend holds of the stack besides its history. */
function stateFiles(kind: "locks" | "stacks"): string[] {
  const folder = join(sandbox.dir, "state", ".pulumi", kind);
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".json") && name.includes(stack))
    .map((name) => join(folder, name));
}

function expectDone({ code, stderr }: Ended): void {
  expect(stderr).not.toMatch(/^ {4}at /m);
  expect(code, stderr).toBe(0);
  expect(stderr).toContain("10 parts healthy");
}

beforeAll(async () => {
  sandbox = makeSandbox();
  const [gateway, prometheus, alertmanager, scene, review] = await freePorts(5);
  const file = sandbox.write("fleet.yaml", fleetFile);
  stackFileText = JSON.stringify({
    config: {
      "mcp-fleet:fleet": file,
      "mcp-fleet:set": {
        "gateway.port": gateway,
        "monitoring.prometheus.port": prometheus,
        "monitoring.alertmanager.port": alertmanager,
        "monitoring.grafana.enabled": "no",
        "servers.scene.port": scene,
        "servers.review.port": review,
      },
    },
  });
  stackFile = sandbox.writeStackFile(stack, stackFileText);
});

afterAll(async () => {
  await runFleet(["destroy", "--delete-data", "--stack", stack], sandbox.env);
  const left = await objects();
  sandbox.remove();
  expect(left).toEqual({ containers: [], networks: [], volumes: [] });
});

it("cleans a first deployment up at Ctrl-C, and the next up is as good as the first", async () => {
  const first = up();
  await first.said(/created Container \S+-config-files/);
  first.signalGroup("SIGINT");
  const interrupted = await first.ended;
  expect(interrupted.code, interrupted.stderr).toBe(11);
  expect(interrupted.stderr).toContain(
    "interrupted: running steps are finished, then everything is rolled back",
  );
  expect(interrupted.stderr).toMatch(/^CLEANED UP in [\d.]+ s: the first deployment failed/m);
  expect(interrupted.stderr).not.toMatch(/^ {4}at /m);
  expect(stateFiles("locks")).toEqual([]);
  expect(await objects()).toMatchObject({ containers: [], networks: [] });

  const next = await up().ended;
  expectDone(next);
  expect(next.stderr).not.toContain("was not committed");
});

it("rolls a killed run back first: its lock, its open steps, objects that it could not record", async () => {
  const before = (await objects()).containers;
  const killed = up("--set", "logging.level=debug", "--set", "postgres.memoryMb=600");
  // The servers are being made next.
  await killed.said(/(created|updated) Container \S+-postgres /);
  killed.signalGroup("SIGKILL");
  await killed.ended;
  expect(stateFiles("locks")).toHaveLength(1);

  // A container whose creation the killed run could not record any more.
  const docker = new Docker();
  const [some] = await docker.listContainers({ filters: { label: [`mcp-fleet/stack=${stack}`] } });
  const name = `mcp-fleet-${stack}-leftover`;
  const labels = { "mcp-fleet/stack": stack, "mcp-fleet/component": "scene" };
  await docker.createContainer({ name, Image: some!.Image, Labels: labels });

  const next = await up().ended;
  expectDone(next);
  expect(next.stderr).toMatch(/the lock of process \d+, which no longer runs, is taken away/);
  expect(next.stderr).toMatch(
    /^release r-\w+ was not committed \(t-\S+, begun \S+ by \S+@\S+\); it is rolled back$/m,
  );
  expect(next.stderr).toMatch(/^recovered in [\d.]+ s: release r-\w+ is live as it was before$/m);
  expect((await objects()).containers).toEqual(before);
  expect(stateFiles("locks")).toEqual([]);
  const state = readFileSync(stateFiles("stacks")[0]!, "utf8");
  expect(state.includes('"pending_operations"')).toBe(false);

  const unchanged = await up().ended;
  expectDone(unchanged);
  expect(unchanged.stderr).toContain("nothing to change");
});

it("lets one of two runs win and tells the other who it is", async () => {
  const change = ["--set", "serverDefaults.sessionMax=900"];
  const runs = await Promise.all([up(...change).ended, up(...change).ended]);
  const [winner, loser] = runs.sort((a, b) => (a.code ?? 99) - (b.code ?? 99));
  expectDone(winner);
  expect(loser.code, loser.stderr).toBe(13);
  const who = `${userInfo().username}@${hostname()}`;
  const since = "since \\d{4}-\\S+; wait for it: \\./fleet status";
  expect(loser.stderr).toMatch(
    new RegExp(
      `^stack ${stack} is locked by ${who} \\(process \\d+, update\\), ${since} --stack ${stack} --wait$`,
      "m",
    ),
  );
  expect(loser.stderr).not.toMatch(/^ {4}at /m);
  expect(winner.stderr).not.toContain("was not committed");
});

it("keeps every secret out of the state and the messages", () => {
  const passphrase = madePassphrase(sandbox);
  for (const file of stateFiles("stacks")) {
    const state = readFileSync(file, "utf8");
    expect(state.includes(passphrase)).toBe(false);
    expect(/"(result|password)":\s*"[^"]/.test(state)).toBe(false);
  }
});

it("leaves alone what another state has under the same name", async () => {
  const other = makeSandbox();
  try {
    const before = await objects();
    for (const command of ["preview", "up"]) {
      const { code, stderr } = await runFleet([command, "--stack", stack], other.env);
      expect(stderr).toContain(`another state has a stack ${stack} on this Docker engine: `);
      expect(stderr).not.toMatch(/^ {4}at /m);
      expect(code).toBe(1);
    }
    expect(await objects()).toEqual(before);
  } finally {
    other.remove();
  }
});

it("refuses a wrong passphrase before it changes anything", async () => {
  const env = { ...sandbox.env, PULUMI_CONFIG_PASSPHRASE: "wrong-passphrase" };
  for (const args of [["outputs", "--show-secrets"], ["up"]]) {
    const { code, stdout, stderr } = await runFleet([...args, "--stack", stack], env);
    expect(stderr).toMatch(
      /^passphrase: the one from PULUMI_CONFIG_PASSPHRASE does not open the secrets of stack .*\n$/,
    );
    expect(stdout).toBe("");
    expect(code).toBe(1);
  }
});

it("destroys everything that it made, and says how to remove the data", async () => {
  const kept = await runFleet(["destroy", "--stack", stack], sandbox.env);
  expect(kept.code, kept.stderr).toBe(0);
  const left = await objects();
  expect({ ...left, volumes: [] }).toEqual({ containers: [], networks: [], volumes: [] });
  expect(left.volumes).toContain(`mcp-fleet-${stack}-postgres-17`);
  expect(kept.stdout).toContain(`./fleet destroy --stack ${stack} --delete-data`);

  const gone = await runFleet(["destroy", "--delete-data", "--stack", stack], sandbox.env);
  expect(gone.code, gone.stderr).toBe(0);
  expect(gone.stdout).toContain(`stack ${stack} and its data are gone`);
  // The file that a team has committed is neither written to nor removed.
  expect(readFileSync(stackFile, "utf8")).toBe(stackFileText);
  expect(await objects()).toEqual({ containers: [], networks: [], volumes: [] });
});

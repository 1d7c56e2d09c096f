import { existsSync, readdirSync, readFileSync } from "node:fs";
import { hostname, userInfo } from "node:os";
import { join } from "node:path";
import Docker from "dockerode";
import { expect, it } from "vitest";
import { madePassphrase, makeSandbox, runFleet, type Ended } from "../../cli/run-fleet.ts";
import type { DrillFleet } from "./support/drill-fleet.ts";

/** Everything that the state backend holds of the stack besides its history. */
function stateFiles(fleet: DrillFleet, kind: "locks" | "stacks"): string[] {
  const folder = join(fleet.sandbox.dir, "state", ".pulumi", kind);
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".json") && name.includes(fleet.stack))
    .map((name) => join(folder, name));
}

function expectDone({ code, stderr }: Ended): void {
  expect(stderr).not.toMatch(/^ {4}at /m);
  expect(code, stderr).toBe(0);
  expect(stderr).toContain("10 parts healthy");
}

/** What one run leaves to the next, and what a run has to do with one that goes on, or with a stranger's. */
export function oneOfTwoRuns(fleet: DrillFleet): void {
  it("rolls a killed run back first: its lock, its open steps, objects that it could not record", async () => {
    const { containers: before } = await fleet.objects();
    const killed = fleet.startUp("logging.level=debug", "postgres.memoryMb=600");
    // The servers are being made next.
    await killed.said(/(created|updated) Container \S+-postgres /);
    killed.signalGroup("SIGKILL");
    await killed.ended;
    expect(stateFiles(fleet, "locks")).toHaveLength(1);

    // A container whose creation the killed run could not record any more.
    const docker = new Docker();
    const Image = (await docker.getContainer(await fleet.container("scene")).inspect()).Image;
    const name = `mcp-fleet-${fleet.stack}-leftover`;
    const Labels = { "mcp-fleet/stack": fleet.stack, "mcp-fleet/component": "scene" };
    await docker.createContainer({ name, Image, Labels });

    const next = await fleet.up();
    expectDone(next);
    expect(next.stderr).toMatch(/the lock of process \d+, which no longer runs, is taken away/);
    expect(next.stderr).toMatch(
      /^release r-\w+ was not committed \(t-\S+, begun \S+ by \S+@\S+\); it is rolled back$/m,
    );
    expect(next.stderr).toMatch(/^recovered in [\d.]+ s: release r-\w+ is live as it was before$/m);
    expect(Object.keys((await fleet.objects()).containers)).toEqual(Object.keys(before));
    expect(stateFiles(fleet, "locks")).toEqual([]);
    const state = readFileSync(stateFiles(fleet, "stacks")[0]!, "utf8");
    expect(state.includes('"pending_operations"')).toBe(false);

    const unchanged = await fleet.up();
    expectDone(unchanged);
    expect(unchanged.stderr).toContain("nothing to change");
  });

  it("lets one of two runs win and tells the other who it is", async () => {
    const change = "serverDefaults.sessionMax=900";
    const runs = await Promise.all([fleet.up(change), fleet.up(change)]);
    const [winner, loser] = runs.sort((a, b) => (a.code ?? 99) - (b.code ?? 99));
    expectDone(winner);
    expect(loser.code, loser.stderr).toBe(13);
    const who = `${userInfo().username}@${hostname()}`;
    const since = "since \\d{4}-\\S+; wait for it: \\./fleet status";
    expect(loser.stderr).toMatch(
      new RegExp(
        `^stack ${fleet.stack} is locked by ${who} \\(process \\d+, update\\), ${since} --stack ${fleet.stack} --wait$`,
        "m",
      ),
    );
    expect(loser.stderr).not.toMatch(/^ {4}at /m);
    expect(winner.stderr).not.toContain("was not committed");
  });

  it("keeps every secret out of the state", () => {
    const passphrase = madePassphrase(fleet.sandbox);
    const files = stateFiles(fleet, "stacks");
    expect(files.length).toBeGreaterThan(0);
    for (const file of files) {
      const state = readFileSync(file, "utf8");
      expect(state.includes(passphrase)).toBe(false);
      expect(/"(result|password)":\s*"[^"]/.test(state)).toBe(false);
    }
  });

  it("leaves alone what another state has under the same name", async () => {
    const other = makeSandbox();
    try {
      const before = await fleet.objects();
      for (const command of ["preview", "up"]) {
        const { code, stderr } = await runFleet([command, "--stack", fleet.stack], other.env);
        expect(stderr).toContain(
          `another state has a stack ${fleet.stack} on this Docker engine: `,
        );
        expect(stderr).not.toMatch(/^ {4}at /m);
        expect(code).toBe(1);
      }
      expect(await fleet.objects()).toEqual(before);
    } finally {
      other.remove();
    }
  });

  it("refuses a wrong passphrase before it changes anything", async () => {
    const env = { ...fleet.sandbox.env, PULUMI_CONFIG_PASSPHRASE: "wrong-passphrase" };
    for (const args of [["outputs", "--show-secrets"], ["up"]]) {
      const { code, stdout, stderr } = await runFleet([...args, "--stack", fleet.stack], env);
      expect(stderr).toMatch(
        /^passphrase: the one from PULUMI_CONFIG_PASSPHRASE does not open the secrets of stack .*\n$/,
      );
      expect(stdout).toBe("");
      expect(code).toBe(1);
    }
  });
}

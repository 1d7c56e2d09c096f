import { cp, readFile, symlink, utimes } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { exec } from "../../toolchain/exec.ts";
import { fakeMachine, type FakeMachine, put, script } from "./fake-machine.ts";

const OPTIONS = { timeoutMs: 20_000 };

/** A checkout with the real launcher, a fake npm that counts its runs, and a program that shows how it was called. */
async function checkout(): Promise<FakeMachine> {
  const machine = await fakeMachine();
  await cp(join(import.meta.dirname, "../../fleet"), join(machine.root, "fleet"));
  await put(join(machine.root, "package-lock.json"), "{}");
  await script(
    join(machine.bin, "npm"),
    `echo "$*" >> ${machine.dir}/npm-runs; sleep 0.3; mkdir -p node_modules/tsx; touch node_modules/.ready`,
  );
  await script(
    join(machine.bin, "node"),
    `[ "$1" = --require ] && { cat node_modules/.ready && echo "$PWD|$FLEET_CWD|$*"; exit; }
     exec ${process.execPath} "$@"`,
  );
  return machine;
}

const npmRuns = async ({ dir }: FakeMachine): Promise<readonly string[]> =>
  (await readFile(join(dir, "npm-runs"), "utf8").catch(() => "")).split("\n").filter(Boolean);

describe("./fleet", () => {
  it("installs once, also for two launches at once, and hands arguments on untouched", async () => {
    const machine = await checkout();
    const options = { ...OPTIONS, env: machine.env, cwd: machine.dir };
    const launch = (): ReturnType<typeof exec> =>
      exec(join(machine.root, "fleet"), ["up", "--set", "a=b c"], options);
    const runs = await Promise.all([launch(), launch()]);
    const call = `${machine.root}|${machine.dir}|--require ./toolchain/fast-start.cjs toolchain/bundled.cjs infra/cli/main.ts up --set a=b c\n`;
    expect(runs.map(({ stdout }) => stdout)).toEqual([call, call]);
    expect(await npmRuns(machine)).toEqual(["ci --no-audit --no-fund"]);
    expect((await launch()).stderr).toBe("");
    expect(await npmRuns(machine)).toHaveLength(1);
  });

  it("installs again when the lock file has changed", async () => {
    const machine = await checkout();
    const options = { ...OPTIONS, env: machine.env };
    await exec(join(machine.root, "fleet"), [], options);
    await put(join(machine.root, "package-lock.json"), '{"changed":true}');
    await exec(join(machine.root, "fleet"), [], options);
    expect(await npmRuns(machine)).toHaveLength(2);
  });

  it("leaves a complete install by hand alone", async () => {
    const machine = await checkout();
    await put(join(machine.root, "node_modules/.ready"), "");
    await put(join(machine.root, "node_modules/.package-lock.json"), "{}");
    const past = new Date(Date.now() - 60_000);
    await utimes(join(machine.root, "package-lock.json"), past, past);
    await exec(join(machine.root, "fleet"), [], { ...OPTIONS, env: machine.env });
    expect(await npmRuns(machine)).toEqual([]);
  });

  it("works through symbolic links, relative ones too", async () => {
    const machine = await checkout();
    await symlink("repo/fleet", join(machine.dir, "first"));
    await symlink(join(machine.dir, "first"), join(machine.bin, "fleet"));
    const { stdout } = await exec("fleet", ["doctor"], { ...OPTIONS, env: machine.env });
    expect(stdout).toContain(`${machine.root}|`);
  });

  it("shows npm's last lines when it fails, and tries again next time", async () => {
    const machine = await checkout();
    const options = { ...OPTIONS, env: machine.env };
    await script(join(machine.bin, "npm"), "echo 'npm error network'; exit 1");
    await expect(exec(join(machine.root, "fleet"), [], options)).rejects.toThrow(
      /exit 1[^]*npm error network[^]*fleet: npm ci failed; the whole log is in/,
    );
    await expect(exec(join(machine.root, "fleet"), [], options)).rejects.toThrow(/npm ci failed/);
  });

  it.each([
    [
      "is too old",
      '[ "$1" = --version ] && echo v18.1.0; [ "$1" = -e ] && exit 1; exit 0',
      "v18.1.0 is too old",
    ],
    ["is absent", undefined, "Node.js is not on PATH; install Node.js 20.11 or newer"],
  ])("refuses a machine whose Node %s", async (_, node, message) => {
    const machine = await checkout();
    if (node === undefined) await exec("rm", [join(machine.bin, "node")], OPTIONS);
    else await script(join(machine.bin, "node"), node);
    const failure = exec(join(machine.root, "fleet"), ["up"], { ...OPTIONS, env: machine.env });
    await expect(failure).rejects.toThrow(message);
    expect(await npmRuns(machine)).toEqual([]);
  });
});

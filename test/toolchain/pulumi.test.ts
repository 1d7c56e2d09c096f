import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { diagnosePulumi, preparePulumi } from "../../toolchain/pulumi.ts";
import { exists } from "../../toolchain/machine.ts";
import { PULUMI_VERSION } from "../../toolchain/versions.ts";
import { bundledSource } from "../bundled-source.ts";
import { type FakeMachine, fakeMachine, put, script } from "./fake-machine.ts";

const CLI = `echo v${PULUMI_VERSION}`;

/** A Go that counts its builds and "links" a CLI after `work`. */
async function fakeGo(
  machine: FakeMachine,
  version = "go1.26.1",
  work = "sleep 0.1",
): Promise<void> {
  await put(join(machine.root, "toolchain/pulumi/go.mod"), "module x\n");
  await script(
    join(machine.bin, "go"),
    `if [ "$1" = env ]; then echo ${version}; echo local; exit; fi
     echo "$*" >> ${machine.dir}/builds
     while [ "$1" != -o ]; do shift; done
     echo '#!/bin/bash' > "$2"; chmod 755 "$2"
     ${work}
     echo '${CLI}' >> "$2"`,
  );
}

const built = (machine: FakeMachine): string =>
  join(machine.cache, `pulumi-v${PULUMI_VERSION}/pulumi`);

describe("preparePulumi", () => {
  it("uses the CLI on PATH when it is new enough", async () => {
    const machine = await fakeMachine();
    const path = await script(join(machine.bin, "pulumi"), "echo v3.238.0");
    const cli = await preparePulumi(machine);
    expect(cli).toEqual({
      path,
      report: { tool: "pulumi", used: path, origin: "found", version: "3.238.0" },
    });
    expect(machine.lines).toEqual([]);
  });

  it("uses the official installer's, which PATH has only after a new login", async () => {
    const machine = await fakeMachine();
    await script(join(machine.bin, "pulumi"), "echo v3.1.0");
    const path = await script(join(machine.home, ".pulumi/bin/pulumi"), "echo v3.300.0");
    expect(await preparePulumi(machine)).toMatchObject({ path, report: { origin: "found" } });
  });

  it.each([
    ["echo v3.100.0", /version 3\.100\.0, not 3\.238\.0 or newer: not used/],
    ["echo v", /of no known version/],
    ["exit 1", /of no known version/],
  ])("passes over a CLI on PATH that does %j, and says so", async (body, said) => {
    const machine = await fakeMachine();
    await script(join(machine.bin, "pulumi"), body);
    await fakeGo(machine);
    const cli = await preparePulumi(machine);
    expect(cli.path).toBe(built(machine));
    expect(machine.lines.join("\n")).toMatch(said);
  });

  it("builds with pinned sums and the version set, once, announced", async () => {
    const machine = await fakeMachine();
    await fakeGo(machine);
    const cli = await preparePulumi(machine);
    expect(cli.report).toMatchObject({
      origin: "built",
      version: PULUMI_VERSION,
      used: built(machine),
    });
    expect(cli.report.better).toMatch(/^official CLI/);
    const flags = await readFile(join(machine.dir, "builds"), "utf8");
    expect(flags).toContain("-mod=readonly");
    expect(flags).toContain(`version.Version=v${PULUMI_VERSION}`);
    // Most of the CLI is optimised; what nobody uses of it is not.
    expect(flags).toContain("-gcflags=all=-dwarf=false -gcflags=");
    expect(flags).not.toContain("all=-N");
    expect(flags).toContain("-gcflags=github.com/pb33f/libopenapi/...=-N -l");
    expect(machine.lines.join("\n")).toMatch(/does not answer[^]*building[^]*is ready/);
    const lines = machine.lines.length;
    expect(await preparePulumi(machine)).toEqual(cli);
    expect(machine.lines).toHaveLength(lines);
    expect((await readdir(machine.cache)).filter((name) => name.includes("partial"))).toEqual([]);
  });

  it("shares one build between two runs", async () => {
    const machine = await fakeMachine();
    await fakeGo(machine, "go1.26.1", "sleep 0.3");
    const [a, b] = await Promise.all([preparePulumi(machine), preparePulumi(machine)]);
    expect(a).toEqual(b);
    expect((await readFile(join(machine.dir, "builds"), "utf8")).trim().split("\n")).toHaveLength(
      1,
    );
  });

  it("never uses a build that was killed, and clears it away", async () => {
    const machine = await fakeMachine();
    await fakeGo(machine, "go1.26.1", "sleep 8");
    const program = [
      "--input-type=module",
      "--eval",
      bundledSource("test/toolchain/build-in-child.ts"),
    ];
    const child = spawn(process.execPath, [...program, machine.dir, machine.root], {
      stdio: "ignore",
    });
    for (let i = 0; i < 150 && !(await exists(join(machine.dir, "builds"))); i++) await sleep(100);
    child.kill("SIGKILL");
    await once(child, "exit");
    expect((await readdir(machine.cache)).filter((name) => name.includes("partial"))).toHaveLength(
      1,
    );
    expect(await diagnosePulumi(machine)).toMatchObject({ origin: "missing" });
    await fakeGo(machine);
    expect((await preparePulumi(machine)).path).toBe(built(machine));
    expect((await readdir(machine.cache)).filter((name) => name.includes("partial"))).toEqual([]);
  });

  it("refuses a build that calls itself something else", async () => {
    const machine = await fakeMachine();
    await fakeGo(machine, "go1.26.1", "echo 'echo v0.0.1; exit' >> \"$2\"");
    await expect(preparePulumi(machine)).rejects.toThrow(/calls itself 0\.0\.1, not 3\.246\.0/);
    expect(await exists(built(machine))).toBe(false);
  });

  it("shows the compiler's last lines", async () => {
    const machine = await fakeMachine();
    await fakeGo(machine, "go1.26.1", "echo 'checksum mismatch' >&2; exit 1");
    await expect(preparePulumi(machine)).rejects.toThrow(
      /pulumi: cannot be built[^]*checksum mismatch/,
    );
  });

  it("asks for Go or Pulumi where neither is there", async () => {
    const machine = await fakeMachine();
    await expect(preparePulumi(machine)).rejects.toThrow(
      /no Go to build it with; put Pulumi 3\.238\.0 or newer, or Go 1\.26\.0 or newer, on PATH/,
    );
    expect(await diagnosePulumi(machine)).toMatchObject({
      problem: expect.stringMatching(/no Go/) as string,
    });
  });

  it("asks for a newer Go than one that cannot fetch its successor", async () => {
    const machine = await fakeMachine();
    await fakeGo(machine, "go1.25.1");
    await expect(preparePulumi(machine)).rejects.toThrow(/go1\.25\.1, 1\.26\.0 is needed/);
  });
});

/** An npm whose launcher downloads a CLI, as the official one does. */
async function fakeNpm(machine: FakeMachine, downloaded: string): Promise<void> {
  for (const name of ["package.json", "package-lock.json"]) {
    await put(join(machine.root, "toolchain/pulumi", name), "{}");
  }
  await script(
    join(machine.bin, "npm"),
    `mkdir -p node_modules/pulumi
     cat > node_modules/pulumi/run.js <<'JS'
     const fs = require("fs");
     const dir = process.env.PULUMI_HOME + "/versions/" + process.env.PULUMI_VERSION + "/bin/";
     fs.mkdirSync(dir, { recursive: true });
     fs.writeFileSync(dir + "pulumi", "#!/bin/bash\\n${downloaded}\\n", { mode: 0o755 });
     fs.writeFileSync(dir + "pulumi-language-nodejs", "", { mode: 0o755 });
JS`,
  );
}

describe("the official download", () => {
  it("is preferred to a build where the release host answers, language host included", async () => {
    const asked: string[] = [];
    const machine = await fakeMachine({
      probe: (url) => Promise.resolve(asked.push(url) > 0),
    });
    await fakeGo(machine);
    await fakeNpm(machine, CLI);
    const cli = await preparePulumi(machine);
    expect(cli.report).toEqual({
      tool: "pulumi",
      used: built(machine),
      origin: "official",
      version: PULUMI_VERSION,
    });
    expect(await exists(join(cli.path, "../pulumi-language-nodejs"))).toBe(true);
    expect(await exists(join(machine.dir, "builds"))).toBe(false);
    expect(asked).toHaveLength(1);
  });

  it("gives way to a build when it brings something else", async () => {
    const machine = await fakeMachine({ probe: () => Promise.resolve(true) });
    await fakeGo(machine);
    await fakeNpm(machine, "echo v1.0.0");
    expect((await preparePulumi(machine)).report.origin).toBe("built");
    expect(machine.lines.join("\n")).toMatch(/calls itself 1\.0\.0/);
  });

  it("is foretold by doctor, which makes nothing", async () => {
    const machine = await fakeMachine({ probe: () => Promise.resolve(true) });
    await rm(machine.cache, { recursive: true });
    expect(await diagnosePulumi(machine)).toMatchObject({
      origin: "missing",
      better: expect.stringMatching(/fetches/) as string,
    });
    expect(await exists(machine.cache)).toBe(false);
  });
});

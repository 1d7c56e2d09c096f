import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { exists } from "../../toolchain/machine.ts";
import { diagnoseState, prepareState } from "../../toolchain/state.ts";
import { type FakeMachine, fakeMachine, put } from "./fake-machine.ts";

async function machineWith(env: Readonly<Record<string, string>>): Promise<FakeMachine> {
  const machine = await fakeMachine();
  return { ...machine, env: { ...machine.env, ...env } };
}

const generated = (machine: FakeMachine): string =>
  join(machine.home, ".config/mcp-fleet/passphrase");

describe("prepareState", () => {
  it("falls back to the local backend and a generated passphrase, announced once", async () => {
    const machine = await fakeMachine();
    const path = generated(machine);
    const { env, reports } = await prepareState(machine);
    expect(env).toEqual({
      PULUMI_BACKEND_URL: `file://${machine.accountHome}`,
      PULUMI_CONFIG_PASSPHRASE_FILE: path,
    });
    expect(reports.map(({ origin }) => origin)).toEqual(["generated", "generated"]);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    const text = await readFile(path, "utf8");
    expect(Buffer.from(text.trim(), "base64")).toHaveLength(32);
    const said = machine.lines.join("\n");
    expect(said).toMatch(/losing it loses the stack's secrets[^]*pulumi login --local/);
    expect(said + JSON.stringify(reports)).not.toContain(text.trim());
    const lines = machine.lines.length;
    expect(await prepareState(machine)).toEqual({ env, reports });
    expect(machine.lines).toHaveLength(lines);
    expect(await readFile(path, "utf8")).toBe(text);
  });

  it("agrees on one passphrase between runs that start at once", async () => {
    const machine = await fakeMachine();
    await Promise.all(Array.from({ length: 8 }, () => prepareState(machine)));
    expect(machine.lines.filter((line) => line.startsWith("passphrase: made"))).toHaveLength(1);
    expect((await readFile(generated(machine), "utf8")).trim()).toHaveLength(44);
  });

  it("takes XDG_CONFIG_HOME for the generated file", async () => {
    const machine = await fakeMachine();
    const XDG_CONFIG_HOME = join(machine.dir, "xdg");
    const { env } = await prepareState({ ...machine, env: { ...machine.env, XDG_CONFIG_HOME } });
    expect(env["PULUMI_CONFIG_PASSPHRASE_FILE"]).toBe(
      join(XDG_CONFIG_HOME, "mcp-fleet/passphrase"),
    );
  });

  it.each([
    [{ PULUMI_BACKEND_URL: "https://api.example" }, "https://api.example (PULUMI_BACKEND_URL)"],
    [{ PULUMI_ACCESS_TOKEN: "pul-secret" }, "Pulumi Cloud (PULUMI_ACCESS_TOKEN)"],
    [
      {
        PULUMI_BACKEND_URL: "postgres://u:hush@db/x?sslkey=hush",
        PULUMI_CONFIG_PASSPHRASE: "hush",
      },
      "postgres://db/x (PULUMI_BACKEND_URL)",
    ],
  ])("uses %j as it is, and never prints a secret", async (env, used) => {
    const machine = await machineWith(env);
    const choice = await prepareState(machine);
    expect(choice.env).toEqual({});
    expect(choice.reports[0]?.used).toBe(used);
    expect(JSON.stringify(choice.reports)).not.toMatch(/hush|pul-secret/);
    expect(await exists(generated(machine))).toBe(false);
  });

  it("uses a login, and makes a passphrase for storage that cannot encrypt", async () => {
    const machine = await fakeMachine();
    await put(join(machine.accountHome, ".pulumi/credentials.json"), '{"current":"s3://bucket"}');
    const { env, reports } = await prepareState(machine);
    expect(env).toEqual({ PULUMI_CONFIG_PASSPHRASE_FILE: generated(machine) });
    expect(reports[0]?.used).toBe("s3://bucket (pulumi login)");
    expect(machine.lines.join("\n")).not.toContain("pulumi login --local");
  });

  it("prefers the backend of Pulumi.yaml to the login, as pulumi does", async () => {
    const machine = await fakeMachine();
    await put(join(machine.accountHome, ".pulumi/credentials.json"), '{"current":"s3://bucket"}');
    await put(
      join(machine.root, "Pulumi.yaml"),
      "name: x\nbackend:\n  url: https://mine.example\n",
    );
    expect((await prepareState(machine)).reports[0]?.used).toBe(
      "https://mine.example (Pulumi.yaml)",
    );
  });

  it("makes no passphrase for a stack whose file names a key service", async () => {
    const machine = await fakeMachine();
    await put(join(machine.root, "Pulumi.prod.yaml"), "secretsprovider: awskms://alias/x\n");
    expect((await prepareState(machine, "org/prod")).env).toEqual({
      PULUMI_BACKEND_URL: `file://${machine.accountHome}`,
    });
    expect(await exists(generated(machine))).toBe(false);
  });

  it.each([
    ["does not exist", undefined],
    ["is empty", " \n"],
  ])("refuses a passphrase file that %s", async (why, text) => {
    const machine = await fakeMachine();
    const file = join(machine.dir, "pass");
    if (text !== undefined) await put(file, text);
    const env = { ...machine.env, PULUMI_CONFIG_PASSPHRASE_FILE: file };
    await expect(prepareState({ ...machine, env })).rejects.toThrow(
      `passphrase: ${file} (PULUMI_CONFIG_PASSPHRASE_FILE) ${why}`,
    );
  });

  it("refuses a passphrase file that is a directory, and a generated one that was emptied", async () => {
    const machine = await fakeMachine();
    const env = { ...machine.env, PULUMI_CONFIG_PASSPHRASE_FILE: machine.dir };
    await expect(prepareState({ ...machine, env })).rejects.toThrow("cannot be read (EISDIR)");
    await put(generated(machine), "");
    await expect(prepareState(machine)).rejects.toThrow("is empty");
    await expect(diagnoseState(machine)).rejects.toThrow("is empty");
  });

  it("refuses credentials that are not JSON", async () => {
    const machine = await fakeMachine();
    await put(join(machine.accountHome, ".pulumi/credentials.json"), "{");
    await expect(prepareState(machine)).rejects.toThrow(
      /credentials\.json is not JSON; run `pulumi login`/,
    );
  });
});

describe("diagnoseState", () => {
  it("creates nothing", async () => {
    const machine = await fakeMachine();
    expect((await diagnoseState(machine)).map(({ origin }) => origin)).toEqual([
      "generated",
      "missing",
    ]);
    expect(await exists(generated(machine))).toBe(false);
    expect(machine.lines).toEqual([]);
  });
});

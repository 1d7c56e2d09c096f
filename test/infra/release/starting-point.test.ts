import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { LinkServer, linkVariable, type ReleaseEvent } from "../../../infra/release/link.ts";
import { isDeployed, startingPoint } from "../../../infra/release/starting-point.ts";
import { deployment, stackRecord, thing } from "./deployment-records.ts";
import { scratchFolder } from "./scratch.ts";

const live = deployment(thing("a", "a-1"));
const begin: ReleaseEvent = { kind: "begin", transaction: "t-1", release: "r-1" };

/** A CLI that says what it was asked, and answers with one export. */
function cli(answer: unknown, code = 0): string {
  const folder = scratchFolder();
  const path = join(folder, "pulumi");
  writeFileSync(join(folder, "answer"), JSON.stringify(answer));
  writeFileSync(
    path,
    `#!/bin/sh\necho "$* $PULUMI_NODEJS_MONITOR" > ${folder}/asked\ncat ${folder}/answer\nexit ${code}\n`,
  );
  chmodSync(path, 0o755);
  vi.stubEnv("PATH", `${folder}${delimiter}${process.env["PATH"] ?? ""}`);
  vi.stubEnv("PULUMI_NODEJS_MONITOR", "127.0.0.1:1");
  return join(folder, "asked");
}

afterEach(() => void vi.unstubAllEnvs());

describe("startingPoint", () => {
  const supervised: ReleaseEvent[] = [];
  const supervise = () => (event: ReleaseEvent) => void supervised.push(event);
  const never = () => {
    throw new Error("supervised");
  };

  it("of a preview is what the CLI shows, secrets closed; nobody is told anything", async () => {
    vi.stubEnv(linkVariable, "/nowhere");
    const asked = cli({ version: 3, deployment: live });
    const { deployment: found, tell } = await startingPoint("staging", {
      ...{ dryRun: true, supervise: never },
    });
    tell(begin);
    expect(found).toEqual(live);
    expect(readFileSync(asked, "utf8").trim()).toBe(
      "stack export --stack staging --non-interactive",
    );
  });

  it("of an update that nobody runs is what the CLI shows, secrets open; its supervisor is told", async () => {
    vi.stubEnv(linkVariable, undefined);
    const asked = cli({ version: 3, deployment: live });
    const { deployment: found, tell } = await startingPoint("staging", {
      ...{ dryRun: false, supervise },
    });
    tell(begin);
    expect(found).toEqual(live);
    expect(supervised).toEqual([begin]);
    expect(readFileSync(asked, "utf8")).toContain("--show-secrets");
  });

  it("of an update that somebody runs is what that one says", async () => {
    const events: ReleaseEvent[] = [];
    const server = await LinkServer.open(
      () => ({ before: live }),
      (event) => events.push(event),
    );
    const asked = cli({ version: 3, deployment: null });
    try {
      vi.stubEnv(linkVariable, server.path);
      const { deployment: found, tell } = await startingPoint("staging", {
        ...{ dryRun: false, supervise: never },
      });
      expect(found).toEqual(live);
      tell(begin);
      await expect.poll(() => events).toEqual([begin]);
      expect(existsSync(asked)).toBe(false);
    } finally {
      server.close();
    }
  });

  it.each([null, undefined, { resources: [stackRecord()] }, {}])(
    "is null where nothing was ever deployed: %j",
    async (nothing) => {
      cli({ version: 3, deployment: nothing });
      const point = await startingPoint("staging", { dryRun: true, supervise: never });
      expect(point.deployment).toBeNull();
    },
  );

  it("refuses to start where the state cannot be read", async () => {
    cli({}, 255);
    await expect(startingPoint("staging", { dryRun: true, supervise: never })).rejects.toThrow();
  });
});

describe("isDeployed", () => {
  it.each([
    [live, true],
    [{ resources: [stackRecord()] }, false],
    [{}, false],
    [null, false],
    [undefined, false],
  ] as const)("%#", (state, expected) => {
    expect(isDeployed(state)).toBe(expected);
  });
});

import * as pulumi from "@pulumi/pulumi";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  bindList,
  containerDefinition,
  envList,
  goDuration,
  logOptions,
  tmpfsOptions,
} from "../../../../components/platform/docker/container.ts";
import type { WorkloadArgs } from "../../../../components/platform/platform.ts";

function resolved<Value>(value: Value): Promise<pulumi.Unwrap<Value>> {
  return new Promise((resolve) => {
    pulumi.output(value).apply((plain) => {
      resolve(plain);
    });
  });
}

const smallest: WorkloadArgs = {
  component: "scene",
  image: { reference: "mcp-fleet/mcp-server:1" },
  user: "10077:10077",
  networks: ["mcp", "data"],
  memoryMb: 160,
  cpus: 1,
  stop: { signal: "SIGTERM", graceSeconds: 35 },
  strategy: "beside",
};

const define = (args: Partial<WorkloadArgs> = {}) =>
  resolved(
    containerDefinition({ ...smallest, ...args }, (role) => `net-${role}`, {
      maxSizeMb: 10,
      maxFiles: 5,
    }),
  );

describe("goDuration", () => {
  it.each([
    [0, "0s"],
    [1, "1s"],
    [59, "59s"],
    [60, "1m0s"],
    [90, "1m30s"],
    [3600, "1h0m0s"],
    [3661, "1h1m1s"],
    [86_400, "24h0m0s"],
  ])("%d s is %s", (seconds, text) => {
    expect(goDuration(seconds)).toBe(text);
  });

  it("can be read back", () => {
    fc.assert(
      fc.property(fc.nat(1_000_000), (seconds) => {
        const [, h = "0", m = "0", s = "0"] =
          /^(?:(\d+)h)?(?:(\d+)m)?(\d+)s$/.exec(goDuration(seconds)) ?? [];
        expect(Number(h) * 3600 + Number(m) * 60 + Number(s)).toBe(seconds);
        expect(Number(m)).toBeLessThan(60);
        expect(Number(s)).toBeLessThan(60);
      }),
    );
  });
});

describe("containerDefinition", () => {
  it("is locked down, bounded and complete", async () => {
    expect(await define()).toEqual({
      image: "mcp-fleet/mcp-server:1",
      envs: [],
      user: "10077:10077",
      readOnly: true,
      capabilities: { drops: ["ALL"] },
      securityOpts: ["no-new-privileges:true"],
      networksAdvanced: [{ name: "net-mcp" }, { name: "net-data" }],
      cpus: "1.0",
      logDriver: "json-file",
      logOpts: { "max-file": "5", "max-size": "10m" },
      restart: "unless-stopped",
      stopSignal: "SIGTERM",
      stopTimeout: 35,
      destroyGraceSeconds: 35,
      mustRun: true,
    });
  });

  it("leaves out what is empty: the plugin reads it back as absent", async () => {
    const definition = await define({ command: [], publish: [], mounts: [], tmpfs: {}, env: {} });
    for (const key of ["command", "ports", "volumes", "tmpfs", "healthcheck", "shmSize"]) {
      expect(definition).not.toHaveProperty(key);
    }
  });

  it("writes what is given in the engine's words", async () => {
    const resource = {} as pulumi.Resource;
    const definition = await define({
      command: ["node", "server.mjs"],
      env: { B: "2", A: pulumi.output("1") },
      publish: [
        { port: 9000, hostIp: "127.0.0.1", hostPort: 19000 },
        { port: 8080, hostIp: "0.0.0.0", hostPort: 80 },
      ],
      mounts: [
        { source: { kind: "data", name: "vol" }, path: "/data" },
        { source: { kind: "files", name: pulumi.output("conf"), ready: resource }, path: "/conf" },
      ],
      tmpfs: { "/tmp": 16 },
      cpus: 0.25,
      shmMb: 128,
      health: {
        command: ["true"],
        intervalSeconds: 90,
        timeoutSeconds: 10,
        retries: 3,
        startPeriodSeconds: 40,
      },
    });
    expect(definition).toMatchObject({
      command: ["node", "server.mjs"],
      envs: ["A=1", "B=2"],
      cpus: "0.25",
      ports: [
        { internal: 8080, external: 80, ip: "0.0.0.0", protocol: "tcp" },
        { internal: 9000, external: 19000, ip: "127.0.0.1", protocol: "tcp" },
      ],
      volumes: [
        { volumeName: "vol", containerPath: "/data", readOnly: false },
        { volumeName: "conf", containerPath: "/conf", readOnly: true },
      ],
      tmpfs: { "/tmp": "size=16m,mode=1777" },
      shmSize: 128,
      healthcheck: {
        tests: ["CMD", "true"],
        interval: "1m30s",
        timeout: "10s",
        retries: 3,
        startPeriod: "40s",
      },
    });
  });
});

describe("parts that jobs use too", () => {
  it("sorts variables whatever the order they were written in", async () => {
    expect(await resolved(envList({ Z: "1", A: "2" }))).toEqual(
      await resolved(envList({ A: "2", Z: "1" })),
    );
    expect(envList(undefined)).toEqual([]);
  });

  it("mounts files read-only", async () => {
    const args = {
      mounts: [
        { source: { kind: "files", name: "conf", ready: {} as pulumi.Resource }, path: "/in" },
        { source: { kind: "data", name: "vol" }, path: "/data" },
      ],
    } as never;
    expect(await resolved(bindList(args))).toEqual(["conf:/in:ro", "vol:/data"]);
  });

  it("bounds logs and memory file systems", () => {
    expect(logOptions({ maxSizeMb: 1, maxFiles: 2 })).toEqual({
      "max-file": "2",
      "max-size": "1m",
    });
    expect(tmpfsOptions(undefined)).toEqual({});
  });
});

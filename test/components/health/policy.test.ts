import { describe, expect, it } from "vitest";
import { healthSchema, rolloutSchema } from "../../../components/health/health.schema.ts";
import { matches, PolicyError } from "../../../components/health/policy-problems.ts";
import { policyFor } from "../../../components/health/policy.ts";
import type { ProbedFleet } from "../../../components/health/probed-fleet.ts";
import { policySchema, readPolicy } from "../../../components/health/policy.schema.ts";
import { onlySubjects } from "../../../components/health/run-policy.ts";
import { rangeSeconds } from "../../../components/health/triggers.ts";
import {
  serverDefaultsSchema,
  type ServerSpec,
} from "../../../components/servers/mcp-server.schema.ts";

const defaults = serverDefaultsSchema.parse({});

function server(name: string, settings: Partial<ServerSpec> = {}): ServerSpec {
  return {
    ...defaults,
    name,
    port: 3001,
    domain: name,
    critical: false,
    dependsOn: [],
    ...settings,
  } as ServerSpec;
}

function fleet(health: object = {}, settings: Partial<ProbedFleet> = {}): ProbedFleet {
  return {
    servers: [
      server("scene", { port: 3005 }),
      server("database-admin", { port: 3010, critical: true }),
    ],
    database: "mcp_series",
    scrapeIntervalSeconds: 15,
    health: healthSchema.parse(health),
    rollout: rolloutSchema.parse({}),
    ...settings,
  };
}

const named = (probes: readonly { readonly name: string }[], name: string) => {
  const probe = probes.find((one) => one.name === name);
  if (!probe) throw new Error(`no probe ${name}: ${probes.map((one) => one.name).join(", ")}`);
  return probe;
};

describe("the policy of a fleet", () => {
  const { private: gate, public: watch } = policyFor(fleet());

  it("asks every server directly before the switch, and the data tier", () => {
    expect(gate.probes.map(({ name }) => name).sort()).toEqual(
      [
        ...["scene", "database-admin"].flatMap((name) =>
          ["started", "ready", "database", "mcp", "steady"].map(
            (question) => `${name}/${question}`,
          ),
        ),
        ...["pgbouncer/query", "pgbouncer/started", "postgres/started"],
      ].sort(),
    );
    expect(named(gate.probes, "scene/mcp")).toMatchObject({
      port: 3005,
      path: "/mcp",
      revisions: ["2025", "2026-07-28"],
      tool: { name: "server_status", required: false },
      after: ["scene/ready"],
    });
    expect(named(gate.probes, "scene/database")).toMatchObject({
      expectJson: ["database.healthy == true"],
    });
  });

  it("asks every server through the gateway after the switch, with a token that it only names", () => {
    expect(named(watch.probes, "scene/calls")).toMatchObject({
      subject: "scene",
      at: "gateway",
      path: "/scene/mcp",
      tokenOf: "default",
    });
    expect(watch.mode).toEqual({ kind: "watch", seconds: 10 });
  });

  it("rolls back by the numbers of the guides", () => {
    const thresholds = (like: string) =>
      policyFor(fleet({ triggers: { like } })).public.probes.flatMap((probe) =>
        probe.kind === "metrics" || probe.kind === "promql" ? [[probe.name, probe.threshold]] : [],
      );
    expect(thresholds("writing")).toEqual(
      expect.arrayContaining([
        ["scene/error-ratio", 0.1],
        ["scene/error-ratio-recorded", 0.1],
        ["scene/p95", 1],
        ["scene/p95-recorded", 1000],
        ["prometheus/critical-services", 1],
      ]),
    );
    expect(thresholds("retell")).toEqual(
      expect.arrayContaining([
        ["scene/error-ratio", 0.25],
        ["scene/p95", 2],
        ["scene/p95-recorded", 2000],
      ]),
    );
    const own = policyFor(fleet({ triggers: { like: "retell", p95Ms: 500 } })).public.probes;
    expect(named(own, "scene/p95-recorded")).toMatchObject({ threshold: 500 });
    expect(named(own, "scene/error-ratio")).toMatchObject({ threshold: 0.25 });
  });

  it("knows critical services: critical servers, gateway, database and pooler", () => {
    expect(named(watch.probes, "prometheus/critical-services")).toMatchObject({
      query: 'max by (service) (up{service=~"database-admin|gateway|postgres|pgbouncer"})',
    });
  });

  it("does not roll back for a trigger that had nothing to judge by", () => {
    const triggers = watch.probes.filter(({ kind }) => kind === "metrics" || kind === "promql");
    expect(triggers.map(({ onInconclusive }) => onInconclusive)).toEqual(
      triggers.map(() => "pass"),
    );
  });

  it("asks of somebody else's image only to run and to speak MCP", () => {
    const own = server("own", { image: "registry.example/own:1" });
    const policy = policyFor(fleet({}, { servers: [own] }));
    const of = (probes: readonly { subject: string; name: string }[]) =>
      probes.filter(({ subject }) => subject === "own").map(({ name }) => name);
    expect(of(policy.private.probes)).toEqual(["own/started", "own/mcp", "own/steady"]);
    expect(of(policy.public.probes)).toEqual(["own/running", "own/route"]);
    expect(named(policy.private.probes, "own/mcp")).toMatchObject({
      revisions: ["2025"],
      startPeriodSeconds: 40,
      after: [],
    });
  });

  it("waits for a server as long as the fleet file says", () => {
    const health = { intervalSeconds: 30, timeoutSeconds: 2, retries: 5, startPeriodSeconds: 90 };
    const policy = policyFor(fleet({}, { servers: [server("slow", { health })] }));
    expect(named(policy.private.probes, "slow/ready")).toMatchObject({
      timeoutSeconds: 2,
      retries: 5,
      startPeriodSeconds: 90,
    });
  });

  it("sees a hanging server within 15 s after its start period", () => {
    const ready = gate.probes.find(({ name }) => name === "scene/ready")!;
    expect(
      ready.retries * Math.max(ready.timeoutSeconds, ready.intervalSeconds),
    ).toBeLessThanOrEqual(15);
  });

  it("is the same after it lay in the state", () => {
    const targets = { scene: { component: "scene", workload: "scene-1" } };
    for (const policy of [gate, watch]) {
      const bound = { ...policy, targets };
      expect(readPolicy(JSON.parse(JSON.stringify(bound)))).toEqual(bound);
    }
  });

  it("holds no secret", () => {
    const texts = JSON.stringify([gate, watch]);
    expect(texts).not.toMatch(/"(password|token|authorization)"/i);
  });

  it("refuses a stored policy that it cannot read, naming the fields", () => {
    const broken = { ...gate, version: 2, probes: [{ kind: "dance" }] };
    expect(() => readPolicy(broken)).toThrow(
      /2 problem\(s\):\n {2}version: .*\n {2}probes\.0\.kind/,
    );
    expect(policySchema.safeParse(gate).success).toBe(true);
  });
});

describe("the fleet file", () => {
  it("switches probes off, and what waited for them is patient itself", () => {
    const { probes } = policyFor(fleet({ off: ["scene/ready", "*/database"] })).private;
    expect(probes.map(({ name }) => name)).not.toContain("scene/ready");
    expect(probes.map(({ name }) => name)).not.toContain("database-admin/database");
    expect(named(probes, "scene/mcp")).toMatchObject({ after: [], startPeriodSeconds: 40 });
    expect(named(probes, "database-admin/mcp")).toMatchObject({ after: ["database-admin/ready"] });
  });

  it("changes what it names, the last entry wins", () => {
    const change = [
      { probes: ["*/ready"], retries: 9, timeoutSeconds: 7 },
      { probes: ["scene/*"], retries: 4 },
    ];
    const { probes } = policyFor(fleet({ change })).private;
    expect(named(probes, "scene/ready")).toMatchObject({ retries: 4, timeoutSeconds: 7 });
    expect(named(probes, "database-admin/ready")).toMatchObject({ retries: 9 });
    expect(named(probes, "scene/mcp")).toMatchObject({ retries: 4 });
  });

  it("adds probes before or after the switch, and replaces derived ones", () => {
    const http = { kind: "http", subject: "scene", port: 3005, path: "/own" };
    const { private: gate, public: watch } = policyFor(
      fleet({
        probes: [
          { ...http, name: "scene/own" },
          { ...http, name: "scene/later", tags: ["watch"] },
          { ...http, name: "scene/ready" },
        ],
      }),
    );
    expect(named(gate.probes, "scene/own")).toMatchObject({
      critical: true,
      retries: 3,
      timeoutSeconds: 10,
    });
    expect(named(watch.probes, "scene/later")).toMatchObject({ path: "/own" });
    expect(gate.probes.filter(({ name }) => name === "scene/ready")).toHaveLength(1);
    expect(named(gate.probes, "scene/ready")).toMatchObject({ path: "/own" });
  });

  it("is told every name that fits no probe, at once", () => {
    const health = {
      off: ["scene/reddy"],
      change: [{ probes: ["nobody/*"], retries: 1 }],
      probes: [{ kind: "tcp", name: "scene/x", subject: "scene", port: 1, after: ["scene/y"] }],
    };
    const error = (() => {
      try {
        return policyFor(fleet(health));
      } catch (thrown) {
        return thrown as PolicyError;
      }
    })();
    expect(error).toBeInstanceOf(PolicyError);
    expect(
      (error as PolicyError).message.split("\n").map((line) => line.split("; there is ")[0]),
    ).toEqual([
      "the health policy has 3 problem(s):",
      "  health.off.0: got scene/reddy; fits no probe",
      "  health.change.0.probes.0: got nobody/*; fits no probe",
      "  health.probes.0.after.0: got scene/y; no probe of the gate",
    ]);
  });

  it.each([
    [
      [{ name: "a/x", subject: "sceen" }],
      "health.probes.0.subject: got sceen; cannot be asked before",
    ],
    [
      [{ name: "a/x", subject: "gateway" }],
      "health.probes.0.subject: got gateway; cannot be asked before",
    ],
    [
      [{ name: "a/x", subject: "scene", at: "grafana", tags: ["watch"] }],
      "health.probes.0.at: got grafana; no component that can be asked",
    ],
    [
      [
        { name: "a/x", subject: "scene" },
        { name: "a/x", subject: "scene" },
      ],
      "health.probes.1.name: got a/x; named twice",
    ],
    [
      [{ name: "scene/ready", subject: "scene", after: ["scene/mcp"] }],
      "health.probes.0.after: got scene/mcp, scene/ready; waits for itself",
    ],
  ])("refuses what could never work: %j", (probes, problem) => {
    const tcp = probes.map((own) => ({ kind: "tcp", port: 1, ...own }));
    expect(() => policyFor(fleet({ probes: tcp }))).toThrow(problem);
  });

  it("lets a script be about anything", () => {
    const script = { kind: "script", name: "books/count", subject: "books", command: ["true"] };
    expect(
      named(policyFor(fleet({ probes: [script] })).private.probes, "books/count"),
    ).toBeDefined();
  });

  it("asks a probe in the place of a derived one when that one would have been asked", () => {
    const own = { kind: "tcp", port: 9464, name: "scene/p95", subject: "scene" };
    const { private: gate, public: watch } = policyFor(fleet({ probes: [own] }));
    expect(named(watch.probes, "scene/p95")).toMatchObject({ kind: "tcp" });
    expect(gate.probes.map(({ name }) => name)).not.toContain("scene/p95");
  });

  it.each([
    [{ steps: [] }, "at least one step"],
    [{ steps: [10, 50] }, "the last step has to be 100"],
    [{ steps: [50, 10, 100] }, "larger than the one before"],
    [{ steps: [0, 100] }, ""],
    [{ bakeSeconds: 0 }, "at least 1 s"],
  ])("cannot roll out by %j", (rollout, problem) => {
    const read = rolloutSchema.safeParse(rollout);
    expect(read.success).toBe(false);
    expect(read.error!.message).toContain(problem);
  });
});

describe("parts of a policy", () => {
  it("are about some components, and wait for nobody outside", () => {
    const { private: gate } = policyFor(fleet());
    const part = onlySubjects(gate, new Set(["scene"]));
    expect([...new Set(part.probes.map(({ subject }) => subject))]).toEqual(["scene"]);
    expect(named(part.probes, "scene/mcp")).toMatchObject({ after: ["scene/ready"] });
  });

  it.each([
    ["*/ready", "scene/ready", true],
    ["scene/*", "scene/ready", true],
    ["*", "scene/ready", true],
    ["scene/ready", "scene/ready", true],
    ["scene/read", "scene/ready", false],
    ["s.ene/ready", "scene/ready", false],
    ["*/p95", "scene/p95-recorded", false],
  ])("%s fits %s: %s", (pattern, name, fits) => {
    expect(matches(pattern, name)).toBe(fits);
  });

  it.each([
    [1, 60],
    [15, 60],
    [30, 120],
  ])("a range at %i s a scrape is %i s", (interval, range) => {
    expect(rangeSeconds(interval)).toBe(range);
  });
});

describe("an external database", () => {
  const policies = policyFor(fleet({}, { externalDatabase: true }));
  const names = [...policies.private.probes, ...policies.public.probes].map(({ name }) => name);

  it("is asked through the pooler, and by what its exporter says", () => {
    expect(names).not.toContain("postgres/started");
    expect(names).toEqual(expect.arrayContaining(["pgbouncer/query", "pgbouncer/connections"]));
    const critical = named(policies.public.probes, "prometheus/critical-services");
    expect(critical).toMatchObject({ query: expect.stringContaining("postgres") as string });
  });

  it("cannot be asked by a probe of one's own that would need its container", () => {
    const probes = [{ kind: "tcp", name: "own/port", subject: "postgres", port: 5432 }];
    expect(() => policyFor(fleet({ probes }, { externalDatabase: true }))).toThrow(
      "health.probes.0.subject: got postgres; cannot be asked before the switch",
    );
  });
});

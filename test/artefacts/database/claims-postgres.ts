import { setTimeout as delay } from "node:timers/promises";
import { beforeAll, describe, expect, it } from "vitest";
import { get } from "../../components/database/recording-platform.ts";
import { must } from "../database-harness.ts";
import { type DataTier, ready } from "./data-tier.ts";
import { password, refusal } from "./logins.ts";

/** What PostgreSQL is after its start, whom it lets in, and what it survives. */
export function postgresClaims(tier: DataTier): void {
  const { lab } = tier;

  describe("PostgreSQL", () => {
    beforeAll(() => tier.startPostgres());

    it("makes a cluster with checksums and SCRAM only", async () => {
      expect(await tier.superuser("SHOW data_checksums")).toBe("on");
      expect(await tier.superuser("SHOW password_encryption")).toBe("scram-sha-256");
      expect(
        await tier.superuser(
          "SELECT rolname, left(rolpassword, 14) FROM pg_authid WHERE rolcanlogin ORDER BY 1",
        ),
      ).toBe("postgres|\nwriter|SCRAM-SHA-256$");
    });

    it("runs with the figures of the spec", async () => {
      for (const [name, setting] of [
        ["shared_buffers", "256MB"],
        ["max_connections", "200"],
        ["wal_buffers", "16MB"],
        ["max_worker_processes", "4"],
        ["effective_cache_size", "1GB"],
        ["checkpoint_completion_target", "0.9"],
        ["fsync", "on"],
        ["server_version_num", expect.stringMatching(/^17/) as string],
      ]) {
        expect([name, await tier.superuser(`SHOW ${name}`)]).toEqual([name, setting]);
      }
    });

    it("leaves PUBLIC nothing and the owner no superuser", async () => {
      expect(
        await tier.superuser(
          "SELECT count(*) FROM pg_database, aclexplode(coalesce(datacl, acldefault('d', datdba))) WHERE grantee = 0 AND datname NOT IN ('template0')",
        ),
      ).toBe("0");
      expect(
        await tier.superuser(
          "SELECT count(*) FROM pg_namespace, aclexplode(nspacl) WHERE nspname = 'public' AND grantee = 0",
        ),
      ).toBe("0");
      expect(
        await tier.superuser(
          "SELECT rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls FROM pg_roles WHERE rolname = 'writer'",
        ),
      ).toBe("f|t|f|f|f");
    });

    it("lets its owner in over the network and the superuser not", async () => {
      const owner = { user: "writer", password: password("owner") };
      expect(await refusal(tier.postgresPort, owner)).toBe("let in");
      expect(await refusal(tier.postgresPort, { ...owner, password: "wrong" })).toContain(
        "password authentication failed",
      );
      expect(await refusal(tier.postgresPort, { user: "postgres", password: "" })).toContain(
        "pg_hba.conf rejects connection",
      );
      expect(await refusal(tier.postgresPort, { ...owner, database: "postgres" })).toContain(
        "pg_hba.conf rejects connection",
      );
    });

    it("keeps its data over a restart, and stops cleanly within 20 s", async () => {
      await tier.superuser("CREATE TABLE public.kept AS SELECT 42 AS answer");
      const started = Date.now();
      await must("stop", "--time=120", tier.server());
      expect(Date.now() - started).toBeLessThan(20_000);
      expect(await must("inspect", "--format={{.State.ExitCode}}", tier.server())).toBe("0");
      expect(await must("logs", tier.server())).toContain("database system is shut down");
      await must("start", tier.server());
      await ready(tier.server());
      expect(await tier.superuser("SELECT answer FROM public.kept")).toBe("42");
    });

    it("comes back after kill -9 with what was committed", async () => {
      await tier.superuser("INSERT INTO public.kept VALUES (43)");
      await must("kill", "--signal=KILL", tier.server());
      await must("start", tier.server());
      await ready(tier.server());
      expect(await tier.superuser("SELECT max(answer) FROM public.kept")).toBe("43");
      await tier.superuser("DROP TABLE public.kept");
      tier.postgresPort = await lab.port(tier.server(), 5432);
    });

    it("refuses a second server on the same volume", async () => {
      const second = await lab.start("postgres", get(tier.asked.workloads, "postgres"), {
        as: "second",
      });
      expect(await must("wait", second)).toBe("1");
      expect(await must("logs", second)).toContain("another server still runs on this volume");
      expect((await tier.ctl(tier.server(), "health")).code).toBe(0);
    });

    it("finishes an initialisation that was killed at any time", async () => {
      const workload = get(tier.asked.workloads, "postgres");
      const interrupted = { as: "interrupted", volume: "interrupted" };
      const survived: number[] = [];
      for (const milliseconds of [200, 500, 900, 1400, 2000, 2700, 3500]) {
        const container = await lab.start("postgres", workload, interrupted);
        await delay(milliseconds);
        await must("kill", "--signal=KILL", container);
        if (!(await must("logs", container)).includes("listening on IPv4"))
          survived.push(milliseconds);
      }
      // At least one kill fell into the initialisation, or this has shown nothing.
      expect(survived.length).toBeGreaterThan(0);
      const container = await lab.start("postgres", workload, interrupted);
      await ready(container);
      expect(
        await tier.superuser("SELECT count(*) FROM pgbouncer.user_lookup('writer')", container),
      ).toBe("0");
      expect(
        await tier.superuser(
          "SELECT datname FROM pg_database WHERE datname = 'mcp_series'",
          container,
        ),
      ).toBe("mcp_series");
      await must("rm", "-fv", container);
    });

    it("refuses a volume that was made for another database", async () => {
      await must("stop", "--time=120", tier.server());
      const other = await lab.start("postgres", get(tier.asked.workloads, "postgres"), {
        as: "other",
        env: { POSTGRES_DATABASE: "elsewhere" },
      });
      expect(await must("wait", other)).toBe("1");
      expect(await must("logs", other)).toContain(
        "this volume was made for 'database=mcp_series owner=writer', not for 'database=elsewhere owner=writer'",
      );
      await tier.startPostgres();
    });

    it("takes over a changed password of the owner at its start", async () => {
      const secrets = get(tier.asked.files, "postgres-secrets");
      const changed = `quote ' backslash \\ dollar $HOME "double" 0123456789`;
      await lab.files("postgres-changed", { ...secrets, files: { owner: changed } });
      const workload = get(tier.asked.workloads, "postgres");
      await lab.start(
        "postgres",
        {
          ...workload,
          mounts: workload.mounts!.map((mount) =>
            mount.path === "/run/secrets/postgres"
              ? { ...mount, source: { ...mount.source, name: "postgres-changed" } }
              : mount,
          ),
        },
        { publish: [5432] },
      );
      await ready(tier.server());
      const port = await lab.port(tier.server(), 5432);
      expect(await refusal(port, { user: "writer", password: changed })).toBe("let in");
      expect(await refusal(port, { user: "writer", password: password("owner") })).toContain(
        "password authentication failed",
      );
      expect(await must("logs", tier.server())).not.toContain("backslash");
      await tier.startPostgres();
      expect(
        await refusal(tier.postgresPort, { user: "writer", password: password("owner") }),
      ).toBe("let in");
    });
  });
}

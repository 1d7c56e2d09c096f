import pg from "pg";
import { beforeAll, describe, expect, it } from "vitest";
import { get, value } from "../../components/database/recording-platform.ts";
import { must, until } from "../database-harness.ts";
import { type DataTier, ready, spec } from "./data-tier.ts";
import { as, password, refusal } from "./logins.ts";

/** Migrations make the roles; what PgBouncer then does for their logins. */
export function poolerClaims(tier: DataTier): void {
  const { lab } = tier;

  describe("migrations", () => {
    it("make roles and tables, and change nothing the second time", async () => {
      const job = get(tier.asked.jobs, "migrations");
      const first = await lab.run("migrations", job);
      expect(first.code, first.output).toBe(0);
      const before = await tier.superuser("SELECT rolname, rolpassword FROM pg_authid ORDER BY 1");
      const second = await lab.run("migrations", job);
      expect(second.code, second.output).toBe(0);
      expect(await tier.superuser("SELECT rolname, rolpassword FROM pg_authid ORDER BY 1")).toBe(
        before,
      );
      expect(
        await tier.superuser(
          "SELECT rolname FROM pg_roles WHERE rolcanlogin AND rolname !~ '^pg_' ORDER BY 1",
        ),
      ).toBe(
        "book_planning_a\nbook_planning_b\npgbouncer_auth\npostgres\npostgres_exporter\nwriter",
      );
    });
  });

  describe("PgBouncer", () => {
    beforeAll(() => tier.startPooler());

    const login = { user: "book_planning_a", password: password("book_planning_a") };

    it("keeps named statements working across pooled connections", async () => {
      const clients = Array.from({ length: 24 }, async (_, index) =>
        as(tier.poolerPort, login, async (client) => {
          const answers: unknown[] = [];
          for (let round = 0; round < 10; round++) {
            const { rows } = await client.query<{ sum: number }>({
              name: `sum-${index % 3}`,
              text: `SELECT $1::int + ${index % 3} AS sum`,
              values: [round],
            });
            answers.push(rows[0]?.sum);
          }
          return answers;
        }),
      );
      const all = await Promise.all(clients);
      all.forEach((answers, index) => {
        expect(answers).toEqual(Array.from({ length: 10 }, (_, round) => round + (index % 3)));
      });
    });

    it("gives a server its own schema only", async () => {
      const { rows } = await as(tier.poolerPort, login, (client) =>
        client.query<{ path: string }>("SELECT current_setting('search_path') AS path"),
      );
      expect(rows).toEqual([{ path: "book_planning" }]);
      await expect(
        as(tier.poolerPort, login, (client) => client.query("CREATE TABLE public.mine (id int)")),
      ).rejects.toThrow("permission denied for schema public");
      await expect(
        as(tier.poolerPort, login, (client) =>
          client.query("SELECT * FROM pgbouncer.user_lookup('writer')"),
        ),
      ).rejects.toThrow("permission denied for schema pgbouncer");
    });

    it.each([
      ["the superuser", { user: "postgres", password: "postgres" }, "no such user"],
      ["the owner", { user: "writer", password: password("owner") }, "no such user"],
      ["an unknown user", { user: "nobody", password: "nobody" }, "no such user"],
      ["a wrong password", { ...login, password: "wrong" }, "SASL authentication failed"],
      ["another database", { ...login, database: "postgres" }, "SASL authentication failed"],
    ])("refuses %s", async (_who, refused, message) => {
      expect(await refusal(tier.poolerPort, refused)).toContain(message);
    });

    it("refuses a login whose time is over, and takes it again later", async () => {
      const idle = { user: "book_planning_b", password: password("book_planning_b") };
      await tier.superuser("ALTER ROLE book_planning_b VALID UNTIL '2020-01-01'");
      expect(await refusal(tier.poolerPort, idle)).toContain("no such user");
      await tier.superuser("ALTER ROLE book_planning_b VALID UNTIL 'infinity'");
      expect(await refusal(tier.poolerPort, idle)).toBe("let in");
    });

    it("shows statistics to its statistics user, and takes no orders from it", async () => {
      const stats = { user: "pgbouncer_stats", password: password("stats"), database: "pgbouncer" };
      await as(tier.poolerPort, stats, async (client) => {
        expect((await client.query<object>("SHOW POOLS")).rows.length).toBeGreaterThan(0);
        await expect(client.query("SHUTDOWN")).rejects.toThrow("admin access needed");
      });
      expect((await tier.ctl(tier.pool(), "health")).code).toBe(0);
    });

    it.each([
      ["an unknown setting", "no_such_setting = 1\n"],
      ["a wrong value", "pool_mode = sometimes\n"],
    ])("refuses files with %s before they are current", async (_what, line) => {
      const live = get(tier.asked.liveFiles, "pgbouncer-config");
      const good = (await value(live.files))["pgbouncer.ini"]!;
      const { directory } = await lab.stage("pgbouncer-config", live, {
        "pgbouncer.ini": good + line,
      });
      const { code, output } = await tier.ctl(tier.pool(), "check", directory);
      expect(code).toBe(1);
      expect(output).toContain(line.split(" ")[0]);
      expect(output).not.toContain(password("lookup"));
    });

    it("takes up new files while clients stay", async () => {
      const live = get(tier.asked.liveFiles, "pgbouncer-config");
      const good = (await value(live.files))["pgbouncer.ini"]!;
      const { version, directory } = await lab.stage("pgbouncer-config", live, {
        "pgbouncer.ini": good.replace("default_pool_size = 50", "default_pool_size = 7"),
      });
      await as(tier.poolerPort, login, async (client) => {
        expect(await tier.ctl(tier.pool(), "check", directory)).toEqual({ code: 0, output: "" });
        lab.makeCurrent("pgbouncer-config", version);
        expect((await tier.ctl(tier.pool(), "verify")).output).toContain(
          "default_pool_size: 50 is in force, not 7",
        );
        expect(await tier.ctl(tier.pool(), "reload")).toEqual({ code: 0, output: "" });
        expect(await tier.ctl(tier.pool(), "verify")).toEqual({ code: 0, output: "" });
        expect((await client.query("SELECT 1 AS one")).rows).toEqual([{ one: 1 }]);
      });
    });

    it("is back within 5 s of PostgreSQL's restart", async () => {
      await must("restart", "--time=60", tier.server());
      await ready(tier.server());
      const started = Date.now();
      await until("a query through the pooler", 5, () =>
        as(tier.poolerPort, login, (client) => client.query("SELECT 1")).then(
          () => true,
          () => false,
        ),
      );
      expect(Date.now() - started).toBeLessThan(5000);
      tier.postgresPort = await lab.port(tier.server(), 5432);
    });

    it("stops within 10 s although a client stays", async () => {
      const client = new pg.Client({
        host: "127.0.0.1",
        port: tier.poolerPort,
        database: spec.name,
        ...login,
      });
      client.on("error", () => undefined);
      await client.connect();
      await client.query("SELECT 1");
      const started = Date.now();
      await must("stop", "--time=45", tier.pool());
      expect(Date.now() - started).toBeLessThan(10_000);
      await client.end().catch(() => undefined);
      await tier.startPooler();
    });
  });
}

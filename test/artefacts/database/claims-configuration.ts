import { describe, expect, it } from "vitest";
import { postgresFiles } from "../../../components/database/postgres.render.ts";
import { get, value } from "../../components/database/recording-platform.ts";
import { until } from "../database-harness.ts";
import { type DataTier, spec } from "./data-tier.ts";

/** PostgreSQL's files change while it runs: wrong ones are refused, and what is in force is known. */
export function configurationClaims(tier: DataTier): void {
  const { lab } = tier;

  describe("PostgreSQL's live configuration", () => {
    const name = "postgres-config";

    it.each([
      ["an unknown setting", "no_such_setting = 1\n", "no_such_setting"],
      ["a wrong value", "work_mem = 'lots'\n", "work_mem"],
      ["a broken line", "work_mem 'x' = =\n", "syntax error"],
    ])("is refused with %s before it is current", async (_what, line, message) => {
      const live = get(tier.asked.liveFiles, name);
      const good = (await value(live.files))["postgresql.conf"]!;
      const { directory } = await lab.stage(name, live, { "postgresql.conf": good + line });
      const { code, output } = await tier.ctl(tier.server(), "check", directory);
      expect(code).not.toBe(0);
      expect(output).toContain(message);
    });

    it("is taken up by a reload, and known to be", async () => {
      const live = get(tier.asked.liveFiles, name);
      const { version, directory } = await lab.stage(
        name,
        live,
        postgresFiles({ ...spec, workMem: "7MB" }),
      );
      expect(await tier.ctl(tier.server(), "check", directory)).toEqual({ code: 0, output: "" });
      lab.makeCurrent(name, version);
      // Current, but not reloaded: the old one is in force, and this is noticed.
      expect((await tier.ctl(tier.server(), "verify")).output).toContain("is in force, not");
      expect((await tier.ctl(tier.server(), "reload")).code).toBe(0);
      await until(
        "the new revision",
        10,
        async () => (await tier.ctl(tier.server(), "verify")).code === 0,
      );
      expect(await tier.superuser("SHOW work_mem")).toBe("7MB");
      lab.makeCurrent(name, (await lab.stage(name, live)).version);
      await tier.ctl(tier.server(), "reload");
      await until(
        "the old revision",
        10,
        async () => (await tier.ctl(tier.server(), "verify")).code === 0,
      );
      expect(await tier.superuser("SHOW work_mem")).toBe("4MB");
    });

    it("is not accepted with a rule that makes no sense, nor with a value that waits for a restart", async () => {
      const live = get(tier.asked.liveFiles, name);
      const files = await value(live.files);
      for (const [change, message] of [
        [
          { "pg_hba.conf": `${files["pg_hba.conf"]}host all all all nonsense\n` },
          "pg_hba.conf line",
        ],
        [
          { "postgresql.conf": `${files["postgresql.conf"]}max_locks_per_transaction = 99\n` },
          "max_locks_per_transaction: the new value waits for a restart",
        ],
      ] as const) {
        lab.makeCurrent(name, (await lab.stage(name, live, change)).version);
        await tier.ctl(tier.server(), "reload");
        await until(message, 10, async () =>
          (await tier.ctl(tier.server(), "verify")).output.includes(message),
        );
      }
      lab.makeCurrent(name, (await lab.stage(name, live)).version);
      await tier.ctl(tier.server(), "reload");
      await until(
        "the old files again",
        10,
        async () => (await tier.ctl(tier.server(), "verify")).code === 0,
      );
    });
  });
}

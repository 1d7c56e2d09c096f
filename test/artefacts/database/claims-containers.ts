import { describe, expect, it } from "vitest";
import { get } from "../../components/database/recording-platform.ts";
import { docker, must, until } from "../database-harness.ts";
import type { DataTier } from "./data-tier.ts";

/** Exporters see the database, and no container of the tier can do or tell more than it must. */
export function containerClaims(tier: DataTier): void {
  const { lab } = tier;

  describe("exporters", () => {
    it.each([
      ["postgres-exporter", 9187, "pg_up 1"],
      ["pgbouncer-exporter", 9127, "pgbouncer_up 1"],
    ])("%s sees what it looks at", async (name, port, line) => {
      const container = await lab.start(name, get(tier.asked.workloads, name), { publish: [port] });
      const url = `http://127.0.0.1:${await lab.port(container, port)}/metrics`;
      const lines = async (): Promise<string[]> => (await (await fetch(url)).text()).split("\n");
      const none = (): string[] => [];
      await until(`${name} answers`, 20, async () => (await lines().catch(none)).includes(line));
      const failed = (await lines()).filter((text) =>
        /^pg_scrape_collector_success.* 0$/.test(text),
      );
      expect(failed).toEqual([]);
      expect((await docker("exec", container, "exporter-health", String(port))).code).toBe(0);
    });
  });

  describe("every container", () => {
    const names = ["postgres", "pgbouncer", "postgres-exporter", "pgbouncer-exporter"];

    it.each(names)("%s has no privileges at all", async (name) => {
      const status = await must("exec", lab.name(name), "cat", "/proc/1/status");
      const field = (key: string) => new RegExp(`^${key}:\\s*(.*)$`, "m").exec(status)?.[1];
      expect(field("CapEff")).toBe("0000000000000000");
      expect(field("CapPrm")).toBe("0000000000000000");
      expect(field("NoNewPrivs")).toBe("1");
      const [uid] = get(tier.asked.workloads, name).user.split(":");
      expect(field("Uid")).toBe([uid, uid, uid, uid].join("\t"));
      const write = await docker("exec", lab.name(name), "sh", "-c", "echo > /usr/bin/x");
      expect(write.output).toMatch(/Read-only file system/);
    });

    it.each(names)(
      "%s shows no password in its definition, processes, environments or log",
      async (name) => {
        const container = lab.name(name);
        const seen = [
          await must("inspect", container),
          await must("top", container, "-eo", "pid,args"),
          await must(
            "exec",
            container,
            "sh",
            "-c",
            "cat /proc/1/environ /proc/1/cmdline | tr '\\0' '\\n'",
          ),
          await must("logs", container),
        ].join("\n");
        expect(seen).toContain(container);
        expect(seen).not.toContain("made-up-for");
      },
    );

    it.each(names)("%s is found healthy by its own check", async (name) => {
      await until(`${name} is healthy`, 30, async () => {
        const format = "--format={{.State.Health.Status}}";
        return (await must("inspect", format, lab.name(name))) === "healthy";
      });
    });
  });
}

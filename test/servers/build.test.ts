import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bundleServer } from "../../servers/build.ts";
import { DOMAIN_NAMES } from "../../servers/domains/names.ts";
import { knownMigrations } from "../../servers/migrate/known.ts";
import { SDK_VERSION, SERVER_VERSION } from "../../servers/version.ts";

const FILES = ["server.mjs", "migrate.mjs"];
let folders: string[];

beforeAll(async () => {
  folders = [1, 2].map(() => mkdtempSync(join(tmpdir(), "mcp-bundle-")));
  await Promise.all(folders.map(bundleServer));
});

afterAll(() => folders.forEach((folder) => rmSync(folder, { recursive: true, force: true })));

describe("bundleServer", () => {
  it.each(FILES)("writes the same bytes of %s every time, with no path of this machine", (file) => {
    const [one, two] = folders.map((folder) => readFileSync(join(folder, file), "utf8"));
    expect(one).toBe(two);
    expect(one).not.toContain(process.cwd());
    expect(one).not.toContain(tmpdir());
  });

  it("puts the SQL files inside", () => {
    expect(readFileSync(join(folders[0] ?? "", "migrate.mjs"), "utf8")).toContain(
      "CREATE TABLE outline_sections",
    );
  });
});

describe("versions", () => {
  it("are those of package.json", () => {
    const { version, dependencies } = JSON.parse(readFileSync("package.json", "utf8")) as {
      version: string;
      dependencies: Record<string, string>;
    };
    expect(SERVER_VERSION).toBe(version);
    expect(SDK_VERSION).toBe(dependencies["@modelcontextprotocol/server"]);
  });
});

describe("knownMigrations", () => {
  it("has at least one for every domain, numbered from 1 without a gap", async () => {
    const known = await knownMigrations();
    expect(Object.keys(known).sort()).toEqual([...DOMAIN_NAMES].sort());
    for (const migrations of Object.values(known)) {
      expect(migrations.length).toBeGreaterThan(0);
      expect(migrations.map(({ version }) => version)).toEqual(
        migrations.map((_, index) => index + 1),
      );
    }
  });
});

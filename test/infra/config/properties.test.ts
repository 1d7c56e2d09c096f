import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { schemaOf } from "../../../components/servers/mcp-server.schema.ts";
import { fleetFileSchema, type FleetSpec } from "../../../infra/config/fleet.schema.ts";
import { showFleet } from "../../../infra/config/index.ts";
import { resolveFleet } from "../../../infra/config/resolve.ts";
import { ruleFindings } from "../../../infra/config/rules.ts";
import { DOMAIN_NAMES } from "../../../servers/domains/names.ts";
import { runs } from "../../runs.ts";
import { load, problemsOf } from "./fixture.ts";

const slug = fc.stringMatching(/^[a-z][a-z0-9]{0,8}(-[a-z0-9]{1,5}){0,2}$/);

const serverEntry = fc.record(
  {
    name: slug,
    domain: fc.constantFrom(...DOMAIN_NAMES),
    critical: fc.boolean(),
    memoryMb: fc.integer({ min: 16, max: 4096 }),
    cpus: fc.constantFrom(0.25, 1, 2.5),
    image: fc.constantFrom("registry.example:5000/team/x:1", "scene"),
    env: fc.dictionary(fc.constantFrom("A", "b_2", "FEATURE"), fc.string({ maxLength: 12 })),
    health: fc.record({ retries: fc.integer({ min: 1, max: 100 }) }, { requiredKeys: [] }),
  },
  { requiredKeys: ["name", "domain"] },
);

/** Valid fleets: names and ports differ, dependencies point to earlier entries only. */
const validFleet = fc
  .uniqueArray(serverEntry, { minLength: 1, maxLength: 12, selector: ({ name }) => name })
  .map((entries) =>
    entries.map((entry, index) => ({
      ...entry,
      name: `s-${entry.name}`.slice(0, 40),
      port: 4000 + index,
      dependsOn: index > 0 ? [`s-${entries[index - 1]?.name ?? ""}`.slice(0, 40)] : [],
    })),
  );

function fleetText(servers: readonly unknown[]): string {
  return stringify(
    { name: "test", servers, logging: { level: "warn" } },
    { aliasDuplicateObjects: false },
  );
}

function byName(spec: FleetSpec): FleetSpec {
  return { ...spec, servers: [...spec.servers].sort((a, b) => (a.name < b.name ? -1 : 1)) };
}

describe("any valid fleet", () => {
  it("resolves to the same in any order of its servers", () => {
    fc.assert(
      fc.property(validFleet, fc.infiniteStream(fc.nat()), (servers, keys) => {
        const shuffled = servers
          .map((entry) => ({ entry, key: Number(keys.next().value) }))
          .sort((a, b) => a.key - b.key)
          .map(({ entry }) => entry);
        const [one, two] = [servers, shuffled].map((list) => byName(load(fleetText(list)).fleet));
        expect(two).toEqual(one);
      }),
      runs(10),
    );
  });

  it("is the same after it was shown and read again", () => {
    fc.assert(
      fc.property(validFleet, (servers) => {
        const loaded = load(fleetText(servers), {
          sets: ["gateway.port=9999"],
          env: { LOG_LEVEL: "debug" },
        });
        expect(load(showFleet(loaded)).fleet).toEqual(loaded.fleet);
      }),
      runs(10),
    );
  });

  it("takes every setting of a server from --set as from the file", () => {
    fc.assert(
      fc.property(
        validFleet,
        fc.integer({ min: 16, max: 4096 }),
        fc.boolean(),
        (servers, memoryMb, byIndex) => {
          const last = servers.length - 1;
          const at = byIndex ? `servers[${last}]` : `servers.${servers[last]?.name ?? ""}`;
          const set = load(fleetText(servers), { sets: [`${at}.memoryMb=${memoryMb}`] });
          const inFile = servers.map((entry, index) =>
            index === last ? { ...entry, memoryMb } : entry,
          );
          expect(set.fleet).toEqual(load(fleetText(inFile)).fleet);
          expect(set.origins.get(`servers.${servers[last]?.name ?? ""}.memoryMb`)).toBe("--set");
        },
      ),
      runs(10),
    );
  });

  it("gives every server its own database schema", () => {
    fc.assert(fc.property(slug, slug, (a, b) => a === b || schemaOf(a) !== schemaOf(b)));
  });
});

describe("any fleet at all", () => {
  it("is answered with a fleet or with problems, never with another error", () => {
    fc.assert(
      fc.property(
        fc.jsonValue({ maxDepth: 4 }),
        fc.jsonValue({ maxDepth: 3 }),
        (servers, gateway) => {
          problemsOf(JSON.stringify({ name: "x", servers, gateway }));
        },
      ),
      runs(40),
    );
    fc.assert(
      fc.property(fc.string({ maxLength: 200 }), (text) => void problemsOf(text)),
      runs(40),
    );
  });

  it("names the same circle in any order of its servers", () => {
    fc.assert(
      fc.property(fc.shuffledSubarray([0, 1, 2, 3, 4], { minLength: 5 }), (order) => {
        const names = ["author", "review", "scene", "reporting", "book-planning"];
        const servers = order.map((index) => ({
          name: names[index],
          port: 4000 + index,
          // author -> review -> scene -> author; the other two only lead into the circle.
          dependsOn: [names[index === 2 ? 0 : index < 2 ? index + 1 : 2]],
        }));
        const file = fleetFileSchema.parse({ name: "x", servers });
        const findings = ruleFindings({ file, spec: resolveFleet(file), data: file });
        expect(findings.map(({ got }) => got)).toEqual(["author -> review -> scene -> author"]);
      }),
      runs(30),
    );
  });
});

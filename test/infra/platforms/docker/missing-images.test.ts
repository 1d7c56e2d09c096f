import { writeFileSync } from "node:fs";
import { join } from "node:path";
import Docker from "dockerode";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { FleetSpec } from "../../../../infra/config/index.ts";
import { missingImages } from "../../../../infra/platforms/docker/missing-images.ts";
import { scratchFolder } from "../../release/scratch.ts";
import { fakeEngine } from "./fake-engine.ts";

/** What an engine without any image was told by registries: status and message. */
const registries: Readonly<Record<string, readonly [number, string]>> = {
  "one.example/there:1": [200, ""],
  "one.example/gone:1": [404, "manifest unknown"],
  "two.example/x:1": [500, 'Get "https://two.example/v2/": dial tcp: no such host'],
  "three.example/private:1": [401, "authentication required"],
  "four.example/odd:1": [500, "something else"],
};

const fleetOf = (images: Readonly<Record<string, string>>): FleetSpec =>
  ({
    servers: Object.entries(images).map(([name, image]) => ({ name, image })),
    ...{ postgres: {}, pgbouncer: {}, gateway: {} },
    monitoring: {
      ...{ prometheus: {}, alertmanager: {}, grafana: { image: "one.example/gone:1" } },
      ...{ postgresExporter: {}, pgbouncerExporter: {} },
    },
  }) as unknown as FleetSpec;

// Whoever runs the tests may be logged in somewhere.
beforeEach(() => void vi.stubEnv("DOCKER_CONFIG", "/nonexistent"));
afterEach(() => void vi.unstubAllEnvs());

async function missing(images: Readonly<Record<string, string>>, grafana = false) {
  await fakeEngine(({ url = "" }, response) => {
    const asked = decodeURIComponent(url);
    const image = Object.keys(registries).find((known) => asked.includes(`/distribution/${known}`));
    const local = asked.includes("/images/local:1/");
    const [status, message] = image ? registries[image]! : local ? [200, ""] : [404, "no image"];
    response.writeHead(status, { "content-type": "application/json" });
    response.end(JSON.stringify({ message }));
  });
  return missingImages(new Docker(), fleetOf(images), grafana);
}

it("finds what is neither on the engine nor in its registry, with every setting that names it", async () => {
  expect(
    await missing({
      ...{ a: "one.example/gone:1", b: "two.example/x:1", c: "one.example/gone:1" },
      ...{ d: "one.example/there:1", e: "local:1" },
    }),
  ).toEqual([
    expect.stringMatching(
      /^servers\.a\.image, servers\.c\.image: got "one\.example\/gone:1", .*does not have it \(manifest unknown\); /,
    ),
    expect.stringMatching(
      /^servers\.b\.image: got "two\.example\/x:1", .*does not answer \(.*no such host\); /,
    ),
  ]);
});

it("leaves to the pull what may need a login, and what it does not understand", async () => {
  const images = { a: "three.example/private:1", b: "four.example/odd:1" };
  expect(await missing(images)).toEqual([]);
});

it.each([
  ["auths", "one.example"],
  ["auths", "https://one.example/v1/"],
  ["credHelpers", "one.example"],
])(
  "leaves to the pull what a registry with a login hides from strangers: %s %s",
  async (kind, key) => {
    const folder = scratchFolder();
    writeFileSync(join(folder, "config.json"), JSON.stringify({ [kind]: { [key]: {} } }));
    vi.stubEnv("DOCKER_CONFIG", folder);
    expect(await missing({ a: "one.example/gone:1" })).toEqual([]);
    expect(await missing({ b: "two.example/x:1" })).toHaveLength(1);
  },
);

it("asks for Grafana where that is part of the fleet", async () => {
  expect(await missing({}, true)).toEqual([
    expect.stringMatching(/^monitoring\.grafana\.image: got "one\.example\/gone:1"/),
  ]);
  expect(await missing({})).toEqual([]);
});

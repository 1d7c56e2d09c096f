import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, it, vi } from "vitest";
import { collectContainers } from "../../../../infra/platforms/docker/evidence.ts";
import { scratchFolder } from "../../release/scratch.ts";
import { fakeEngine } from "./fake-engine.ts";

/** Two streams of one container, as the engine sends them: a header of 8 bytes before each chunk. */
function multiplexed(...chunks: readonly [stream: number, text: string][]): Buffer {
  return Buffer.concat(
    chunks.flatMap(([stream, text]) => {
      const header = Buffer.alloc(8);
      header[0] = stream;
      header.writeUInt32BE(Buffer.byteLength(text), 4);
      return [header, Buffer.from(text)];
    }),
  );
}

const containers = [
  { Id: "id-1", Names: ["/fleet-a"], Labels: { "mcp-fleet/component": "a" } },
  { Id: "id-2", Names: ["/fleet-b"], Labels: { "mcp-fleet/component": "b" } },
  { Id: "id-3", Names: ["/fleet-c"], Labels: { "mcp-fleet/component": "c" } },
];
const logs: Readonly<Record<string, Buffer>> = {
  "id-1": multiplexed([1, "one\n"], [2, "two: ü\n"], [1, "three\n"]),
  "id-3": multiplexed([1, [...Array(9).keys()].join("\n")], [2, `\n${"x".repeat(300)}\n`]),
};
const expectedTail = ["5", "6", "7", "8", `${"x".repeat(240)} ...`];

/** An engine with three containers; the second has no log. */
async function engine(): Promise<string[]> {
  const asked: string[] = [];
  await fakeEngine(({ url = "" }, response) => {
    asked.push(decodeURIComponent(url));
    const id = /containers\/(id-\d)\//.exec(url)?.[1];
    const log = logs[id ?? ""];
    if (url.includes("/logs")) {
      if (log) response.end(log);
      else response.writeHead(409).end('{"message":"no log"}');
      return;
    }
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify(id ? { Id: id } : containers));
  });
  return asked;
}

afterEach(() => void vi.unstubAllEnvs());

it("keeps log and description of every container that is wanted, and of no other", async () => {
  const asked = await engine();
  const folder = scratchFolder();
  await collectContainers(folder, "staging", {
    wanted: (labels) => labels["mcp-fleet/component"] !== "c",
    failed: () => false,
  });
  expect(readdirSync(folder).sort()).toEqual(["fleet-a.json", "fleet-a.log", "fleet-b.json"]);
  expect(readFileSync(join(folder, "fleet-a.log"), "utf8")).toBe("one\ntwo: ü\nthree\n");
  expect(JSON.parse(readFileSync(join(folder, "fleet-b.json"), "utf8"))).toEqual({ Id: "id-2" });
  expect(asked[0]).toContain("mcp-fleet/stack=staging");
});

it("gives the last lines of what failed; none of a container without a log", async () => {
  await engine();
  const wanted = () => true;
  const of = (...components: string[]) =>
    collectContainers(scratchFolder(), "staging", {
      wanted,
      failed: (labels) => components.includes(labels["mcp-fleet/component"]!),
    });
  expect(await of("a", "b")).toEqual([{ object: "fleet-a", lines: ["one", "two: ü", "three"] }]);
  expect(await of("c")).toEqual([{ object: "fleet-c", lines: expectedTail }]);
  expect(await of()).toEqual([]);
});

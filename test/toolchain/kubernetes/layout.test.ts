import * as fc from "fast-check";
import { expect, test } from "vitest";
import { BLOCKS, freeBlock, layoutOf } from "../../../toolchain/kubernetes/layout.ts";

test("names follow from the directory alone and fit the kernel's limits", () => {
  const layout = layoutOf("/var/lib/a cluster", 207);
  expect(layout).toMatchObject({
    nodeAddress: "10.207.0.2",
    hostAddress: "10.207.0.1",
    podRange: "10.207.1.0/24",
    serviceRange: "10.207.2.0/24",
    apiUrl: "https://10.207.0.2:6443",
    kubeconfig: "/var/lib/a cluster/kubeconfig",
  });
  expect(layoutOf("/var/lib/a cluster", 0).link).toBe(layout.link);
  expect(layoutOf("/var/lib/b", 0).link).not.toBe(layout.link);
  expect(layout.link.length).toBeLessThanOrEqual(15);
});

test.each([
  ["no routes", [], 200],
  ["routes of others", ["default", "172.17.0.0/16", "192.0.2.0/24", "11.200.0.0/16", "local"], 200],
  ["its own block is taken", ["10.200.0.0/30"], 201],
  ["an address in it", ["10.200.3.4"], 201],
  ["a wider range", ["10.200.0.0/14"], 204],
  ["all of it", ["10.0.0.0/8"], undefined],
])("a block that no route covers is chosen: %s", (_, routes, block) => {
  expect(freeBlock(routes, "00000000")).toBe(block);
});

test("clusters that start one after the other never share a block, until none is left", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(0xffffffff), { minLength: 51, maxLength: 60 }), (seeds) => {
      const routes: string[] = [];
      for (const seed of seeds) {
        const block = freeBlock(routes, seed.toString(16).padStart(8, "0"));
        if (block === undefined) break;
        expect(routes).not.toContain(`10.${block}.1.0/24`);
        routes.push(`10.${block}.1.0/24`);
      }
      expect(routes).toHaveLength(BLOCKS.last - BLOCKS.first + 1);
    }),
    { numRuns: 20 },
  );
});

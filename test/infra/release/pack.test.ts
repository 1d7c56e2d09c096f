import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Deployment } from "../../../infra/release/deployment.ts";
import {
  deploymentBefore,
  packDeployment,
  plaintext,
  unpackDeployment,
} from "../../../infra/release/pack.ts";
import { deployment, find, thing } from "./deployment-records.ts";
import { committed, journal, openSecret } from "./release-records.ts";

/** A release, and the update after it, which failed half way. */
function failedAfter(before: Deployment): Deployment {
  const opened = journal(
    { transaction: "t-2", release: "r-2", from: "r-1", before: packDeployment(before) },
    { id: "t-2-journal" },
  );
  const resources = (before.resources ?? []).flatMap((entry) =>
    entry.urn.endsWith("::release-journal") ? [opened, { ...entry, delete: true }] : [entry],
  );
  return { ...before, resources: [...resources, thing("new", "new-1")] };
}

describe("a packed deployment", () => {
  it("comes back as it was", () => {
    fc.assert(
      fc.property(
        fc.dictionary(
          fc.string(),
          fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value)) as unknown),
        ),
        fc.string({ unit: "grapheme" }),
        (outputs, name) => {
          const whole = deployment(thing(name, "a-1", { inputs: outputs, outputs }));
          expect(unpackDeployment(packDeployment(whole))).toEqual(whole);
        },
      ),
    );
  });

  it("comes back without resources too", () => {
    expect(unpackDeployment(packDeployment({ manifest: { time: "now" } }))).toEqual({
      manifest: { time: "now" },
    });
  });

  it("is refused if it is none", () => {
    expect(() => unpackDeployment("bm90IGd6aXA=")).toThrow();
  });

  it("leaves the payload of its journal out, and nothing else of it", () => {
    const whole = deployment(...committed("t-1", "r-1", { before: "x".repeat(500) }));
    const inside = find(unpackDeployment(packDeployment(whole)), "release-journal")!;
    expect(JSON.stringify(inside)).not.toContain("xxx");
    for (const bag of [inside.inputs, inside.outputs]) {
      expect(bag?.["input"]).toMatchObject({ transaction: "t-1", release: "r-1", before: null });
    }
  });

  it("does not grow from release to release", () => {
    let live = deployment(thing("a", "a-1"), ...committed("t-0", "r-0"));
    const sizes: number[] = [];
    for (let turn = 1; turn <= 8; turn += 1) {
      const packed = packDeployment(live);
      sizes.push(packed.length);
      live = deployment(
        thing("a", "a-1"),
        ...committed(`t-${turn}`, `r-${turn}`, { before: packed }),
      );
    }
    expect(Math.max(...sizes.slice(1)) - Math.min(...sizes.slice(1))).toBeLessThan(50);
  });
});

describe("deploymentBefore", () => {
  it("puts the payload back that was cut out, from the journal that waits for its deletion", () => {
    const earlier = packDeployment(deployment(thing("a", "a-0")));
    const before = deployment(
      thing("a", "a-1"),
      ...committed("t-1", "r-1", { before: earlier, from: "r-0" }),
    );
    expect(deploymentBefore(failedAfter(before))).toEqual(before);
  });

  it("is undefined for the first deployment, and where there is no journal", () => {
    expect(deploymentBefore(deployment(journal(), thing("a", "a-1")))).toBeUndefined();
    expect(deploymentBefore(deployment(thing("a", "a-1")))).toBeUndefined();
    expect(deploymentBefore({})).toBeUndefined();
  });

  it("works without the old journal: all but its payload is there", () => {
    const before = deployment(...committed("t-1", "r-1", { before: "gone" }));
    const failed = failedAfter(before);
    const resources = failed.resources?.filter((entry) => entry.id !== "t-1-journal") ?? [];
    const found = deploymentBefore({ ...failed, resources })!;
    expect(found.resources?.map(({ urn }) => urn)).toEqual(before.resources?.map(({ urn }) => urn));
    expect(find(found, "release-journal")?.inputs?.["input"]).toMatchObject({ before: null });
  });

  it("says that the export has to open its secrets", () => {
    const sealed = {
      "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
      ciphertext: "v1:abc",
    };
    const record = journal();
    const content = { ...(record.inputs!["input"] as object), before: sealed };
    const failed = deployment({ ...record, inputs: { input: content } });
    expect(() => deploymentBefore(failed)).toThrow("--show-secrets");
  });
});

describe("plaintext", () => {
  it("opens secrets and leaves the rest", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const json = JSON.parse(JSON.stringify(value)) as unknown;
        expect(plaintext(openSecret(json))).toEqual(json);
        expect(plaintext(json)).toEqual(json);
      }),
    );
  });
});

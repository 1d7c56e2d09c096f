import { describe, expect, it } from "vitest";
import type { ResourceRecord } from "../../../infra/release/deployment.ts";
import {
  mergeForRollback,
  presentPart,
  replacedDeleteFirst,
  unchangedPart,
  unsureDeletions,
} from "../../../infra/release/merge.ts";
import {
  component,
  deployment,
  find,
  integrityProblems,
  provider,
  record,
  stackRecord,
  thing,
} from "./deployment-records.ts";

/** An object that refers to another one in every way but as its child. */
const userOf = ({ urn }: ResourceRecord) =>
  thing("b", "2", {
    dependencies: [urn],
    propertyDependencies: { size: [urn] },
    deletedWith: urn,
  });

describe("the merge for a rollback", () => {
  it("revives a replaced object and condemns its replacement", () => {
    const before = deployment(thing("a", "1"));
    const failed = deployment(
      thing("a", "2", { inputs: { size: 2 }, protect: true, retainOnDelete: true }),
      thing("a", "1", { delete: true, initErrors: ["slow"], taint: true }),
    );
    const merged = mergeForRollback(failed, before);
    expect(find(merged, "a", "1")).toEqual(thing("a", "1"));
    expect(find(merged, "a", "2")).toEqual(
      thing("a", "2", { inputs: { size: 2 }, retainOnDelete: true, delete: true }),
    );
    expect(integrityProblems(merged)).toEqual([]);
  });

  it("leaves what was changed in place with the inputs that run now", () => {
    const before = deployment(thing("a", "1", { protect: true }));
    const failed = deployment(thing("a", "1", { inputs: { size: 7 }, protect: true }));
    expect(find(mergeForRollback(failed, before), "a")).toEqual(
      thing("a", "1", { inputs: { size: 7 }, protect: true }),
    );
  });

  it("drops the protection that the failed release put on what the old one leaves open", () => {
    const merged = mergeForRollback(
      deployment(thing("a", "1", { inputs: { size: 7 }, protect: true })),
      deployment(thing("a", "1")),
    );
    expect(find(merged, "a")).toEqual(thing("a", "1", { inputs: { size: 7 } }));
  });

  it("tells what has the inputs of before: condemned meanwhile, or never touched", () => {
    const before = deployment(...["a", "b", "c", "d"].map((name) => thing(name, "1")));
    const failed = deployment(
      thing("a", "2", { inputs: { size: 2 } }),
      thing("a", "1", { delete: true }),
      thing("b", "1"),
      thing("c", "1", { inputs: { size: 7 } }),
      thing("d", "1", { pendingReplacement: true }),
    );
    expect(unchangedPart(mergeForRollback(failed, before), before)).toEqual(
      new Set([stackRecord(), provider, thing("a", "1"), thing("b", "1")].map(({ urn }) => urn)),
    );
    expect(unchangedPart(failed, undefined)).toEqual(new Set());
  });

  it("lets an interrupted change in place be made again", () => {
    const before = deployment(thing("a", "1"));
    const failed = {
      ...deployment(thing("a", "1")),
      pending_operations: [{ resource: thing("a", "1"), type: "updating" as const }],
    };
    const merged = mergeForRollback(failed, before);
    expect(merged.pending_operations).toEqual([]);
    expect(find(merged, "a")?.initErrors).toEqual(["the change may be half made"]);
  });

  it("lets a change that failed be undone, though the state has the inputs from before it", () => {
    const ill = { initErrors: ["does not start"] };
    const before = deployment(thing("a", "1"), thing("b", "2", ill), thing("c", "3"));
    const failed = deployment(thing("a", "1", ill), thing("b", "2", ill), thing("c", "3"));
    const options = { failedUpdates: new Set([thing("c", "3").urn]) };
    const merged = mergeForRollback(failed, before, options);
    const forced = ["the change may be half made"];
    expect(find(merged, "a")?.initErrors).toEqual(forced);
    expect(find(merged, "b")?.initErrors).toBeUndefined();
    expect(find(merged, "c")?.initErrors).toEqual(forced);
  });

  it("takes the one already condemned for the old of two that look alike", () => {
    const same = { type: "x:index:Thing" };
    const before = deployment(thing("a", "none", { ...same, inputs: { size: 1 } }));
    const failed = deployment(
      thing("a", "none", { inputs: { size: 1 }, outputs: { size: 1, fresh: true } }),
      thing("a", "none", { delete: true }),
    );
    const [live, condemned] = mergeForRollback(failed, before).resources!.slice(2);
    expect(live?.outputs).toEqual({ size: 1 });
    expect(live?.delete).toBeUndefined();
    expect(condemned).toMatchObject({ delete: true, outputs: { fresh: true } });
  });

  it("tells two that look alike by their inputs once the marks were exchanged", () => {
    const before = deployment(thing("a", "none"));
    const failed = deployment(
      thing("a", "none"),
      thing("a", "none", { inputs: { size: 2 }, delete: true }),
    );
    const merged = mergeForRollback(failed, before).resources!.slice(2);
    expect(merged.map(({ inputs, delete: mark }) => [inputs, mark])).toEqual([
      [{ size: 1 }, undefined],
      [{ size: 2 }, true],
    ]);
  });

  it("puts back what lives in the state alone, and forgets what else there is of it", () => {
    const before = deployment(thing("a", "none", { inputs: { length: 8 } }));
    const failed = deployment(
      thing("a", "none", { inputs: { length: 9 } }),
      thing("a", "none", { inputs: { length: 8 }, delete: true }),
      thing("b", "none"),
    );
    const merged = mergeForRollback(failed, before, { logicalTypes: /^x:/ });
    expect(merged.resources?.slice(2)).toEqual([thing("a", "none", { inputs: { length: 8 } })]);
  });

  it("keeps a replacement live where the old object is gone, so that the way back is delete-first", () => {
    const before = deployment(thing("a", "1", { protect: true }));
    const failed = deployment(thing("a", "2", { inputs: { size: 2 }, protect: true }));
    expect(find(mergeForRollback(failed, before), "a")).toEqual(
      thing("a", "2", { inputs: { size: 2 } }),
    );
    expect(replacedDeleteFirst(failed, before)).toEqual(new Set([thing("a", "1").urn]));
  });

  it("takes back an object that was retained, with its data, instead of making it again", () => {
    const data = { retainOnDelete: true, protect: true };
    const before = deployment(thing("a", "1", data), thing("h", "3", data));
    const failed = deployment(
      thing("a", "2", { inputs: { size: 2 } }),
      thing("h", "3", { ...data, pendingReplacement: true }),
    );
    const merged = mergeForRollback(failed, before);
    expect(find(merged, "a", "1")).toEqual(thing("a", "1", data));
    expect(find(merged, "a", "2")?.delete).toBe(true);
    expect(find(merged, "h")).toEqual(thing("h", "3", data));
    expect(replacedDeleteFirst(failed, before)).toEqual(new Set());
    expect(integrityProblems(merged)).toEqual([]);
  });

  it("has live what was noted as gone with an object that is still there: a look has to tell", () => {
    const anchor = thing("a", "1");
    const rider = thing("b", "2", { deletedWith: anchor.urn });
    const before = deployment(anchor, rider);
    const noted = { ...rider, pendingReplacement: true };
    const failed = deployment(anchor, noted);
    expect([...unsureDeletions(failed, before)]).toEqual([noted]);
    expect(find(mergeForRollback(failed, before), "b")).toEqual(rider);

    const went = deployment({ ...anchor, pendingReplacement: true }, noted);
    expect([...unsureDeletions(went, before)]).toEqual([]);
    expect(find(mergeForRollback(went, before), "b")?.pendingReplacement).toBe(true);
    const stayed = { ...anchor, pendingReplacement: true, retainOnDelete: true };
    expect([...unsureDeletions(deployment(stayed, noted), before)]).toEqual([noted]);
  });

  it("condemns such a replacement if asked, and leaves what is present", () => {
    const [gone, half, user] = [thing("a", "1"), thing("h", "3"), thing("b", "2")];
    const before = deployment(gone, half, { ...user, dependencies: [gone.urn, half.urn] });
    const failed = deployment(
      thing("a", "9"),
      { ...half, pendingReplacement: true },
      { ...user, inputs: { size: 2 } },
    );
    const merged = mergeForRollback(failed, before, { replacements: "condemned" });
    expect(find(merged, "a")).toEqual(thing("a", "9", { delete: true }));
    const present = presentPart(merged, before);
    expect(present.resources?.slice(2)).toEqual([
      expect.objectContaining({ urn: user.urn, inputs: { size: 2 }, dependencies: [] }),
    ]);
    expect(integrityProblems(present)).toEqual([]);
  });

  it("knows a delete-first replacement under a fixed id by the time it was made", () => {
    const created = (hour: number) => ({ created: `2026-01-01T0${hour}:00:00Z` });
    const before = deployment(thing("a", "fix", created(1)), thing("b", "fix-b", created(1)));
    const failed = deployment(thing("a", "fix", created(2)), thing("b", "fix-b", created(1)));
    expect(replacedDeleteFirst(failed, before)).toEqual(new Set([thing("a", "fix").urn]));
  });

  it("keeps an object that was deleted ahead of its replacement as one that is yet to be made", () => {
    const before = deployment(thing("a", "1", { protect: true }));
    const failed = deployment(thing("a", "1", { pendingReplacement: true, protect: true }));
    expect(find(mergeForRollback(failed, before), "a")).toEqual(
      thing("a", "1", { pendingReplacement: true }),
    );
  });

  it("gives children whose parent is gone one that is yet to be made", () => {
    const parent = thing("a", "1");
    const child = thing("b", "2", { parent: parent.urn, dependencies: [parent.urn] });
    const merged = mergeForRollback(
      deployment({ ...child, parent: stackRecord().urn }),
      deployment(parent, child),
    );
    expect(find(merged, "a")).toEqual({ ...parent, pendingReplacement: true });
    expect(find(merged, "b")).toMatchObject({ parent: parent.urn, dependencies: [parent.urn] });
    expect(integrityProblems(merged)).toEqual([]);
  });

  it("puts back providers and their users' references, and condemns a provider of the same name", () => {
    const moved = { ...provider, id: "prov-2" };
    const before = deployment(thing("a", "1"));
    const failed = {
      resources: [
        stackRecord(),
        moved,
        { ...provider, delete: true, inputs: { region: "b" } },
        thing("a", "1", { provider: `${moved.urn}::prov-2` }),
        thing("b", "9", { provider: `${moved.urn}::prov-2` }),
      ],
    };
    const merged = mergeForRollback(failed, before);
    expect(find(merged, "default_1_0_0", "prov-1")).toEqual(provider);
    expect(find(merged, "default_1_0_0", "prov-2")).toEqual({ ...moved, delete: true });
    expect(find(merged, "a")?.provider).toBe(`${provider.urn}::prov-1`);
    expect(find(merged, "b")).toMatchObject({ delete: true, provider: `${moved.urn}::prov-2` });
    expect(integrityProblems(merged)).toEqual([]);
  });

  it("leaves a provider of the new program alone live, for those that it has to delete", () => {
    const other = record("pulumi:providers:x", "default_2_0_0", { id: "prov-9" });
    const failed = deployment(other, thing("b", "9", { provider: `${other.urn}::prov-9` }));
    const merged = mergeForRollback(failed, deployment());
    expect(find(merged, "default_2_0_0")).toEqual(other);
    expect(find(merged, "b")?.delete).toBe(true);
  });

  it("puts back components and keeps new ones until their children are gone", () => {
    const group = component("g", {
      outputs: { url: "old" },
      resourceHooks: { afterCreate: ["h"] },
    });
    const before = deployment(group);
    const fresh = component("new");
    const failed = deployment(
      component("g", { outputs: { url: "new" } }),
      fresh,
      thing("c", "3", { parent: fresh.urn }),
    );
    const merged = mergeForRollback(failed, before);
    expect(find(merged, "g")).toEqual(component("g", { outputs: { url: "old" } }));
    expect(find(merged, "new")).toEqual(fresh);
    expect(find(merged, "c")).toMatchObject({ delete: true, parent: fresh.urn });
  });

  it("drops what was only read, and what has no id", () => {
    const failed = deployment(thing("a", "1", { external: true }), record("x:index:Thing", "b"));
    expect(mergeForRollback(failed, deployment()).resources).toEqual(deployment().resources);
  });

  it("condemns everything if there was nothing before", () => {
    const merged = mergeForRollback(deployment(thing("a", "1", { protect: true })), undefined);
    expect(find(merged, "a")).toEqual(thing("a", "1", { delete: true }));
    expect(find(merged, "default_1_0_0")).toEqual(provider);
    expect(integrityProblems(merged)).toEqual([]);
  });

  it("does not rely on the deletion of another object that stays", () => {
    const [kept, gone] = [thing("a", "1", { retainOnDelete: true }), thing("b", "2")];
    const old = thing("o", "5");
    const failed = deployment(
      ...[kept, gone, { ...old, id: "6" }, { ...old, delete: true }],
      ...[kept, gone, old].map(({ urn }, index) =>
        thing(`w${index}`, `9${index}`, { deletedWith: urn }),
      ),
    );
    const merged = mergeForRollback(failed, deployment(old));
    expect(["w0", "w1", "w2"].map((name) => find(merged, name)?.deletedWith)).toEqual([
      undefined,
      gone.urn,
      undefined,
    ]);
  });

  it("lets nothing that is gone depend on what may be replaced: the engine would delete it again", () => {
    const used = thing("a", "1");
    const user = userOf(used);
    const merged = mergeForRollback(
      deployment({ ...used, id: "3" }, { ...user, pendingReplacement: true }),
      deployment(used, user),
    );
    expect(find(merged, "b")).toEqual(thing("b", "2", { pendingReplacement: true }));
  });

  it("keeps the replacement of a parent when replacements are condemned", () => {
    const [parent, other] = [thing("a", "1"), thing("o", "2")];
    const child = thing("c", "3", { parent: parent.urn });
    const merged = mergeForRollback(
      deployment({ ...parent, id: "4" }, child, { ...other, id: "5" }),
      deployment(parent, child, other),
      { replacements: "condemned" },
    );
    expect(find(merged, "a")).toMatchObject({ id: "4" });
    expect(find(merged, "a")?.delete).toBeUndefined();
    expect(find(merged, "o")).toMatchObject({ id: "5", delete: true });
  });

  it("cuts references to what is gone", () => {
    const gone = thing("a", "1");
    const user = userOf(gone);
    const merged = mergeForRollback(deployment(thing("b", "2")), deployment(gone, user));
    expect(find(merged, "b")).toMatchObject({
      dependencies: [],
      propertyDependencies: { size: [] },
    });
    expect(find(merged, "b")?.deletedWith).toBeUndefined();
  });
});

import { describe, expect, it } from "vitest";
import {
  deployedPlace,
  keptPlace,
  moveObjection,
  placeIn,
  placeOf,
  type KubernetesPlace,
} from "../../../infra/platforms/place.ts";

const docker = { platform: "docker" } as const;
const kept: KubernetesPlace = {
  ...{ platform: "kubernetes", namespace: "fleet", context: "prod" },
  cluster: { server: "https://10.0.0.1:6443", authority: "abcdef0123456789" },
};

describe("the settings", () => {
  it("say docker, or a namespace of a cluster that is named after the stack", () => {
    expect(placeOf(docker, "staging")).toEqual(docker);
    expect(placeOf({ platform: "kubernetes" }, "production")).toEqual({
      ...{ platform: "kubernetes", namespace: "mcp-fleet-production" },
    });
    const kubernetes = { namespace: "fleet", context: "prod", kubeconfig: "/k" };
    expect(placeOf({ platform: "kubernetes", kubernetes }, "production")).toEqual({
      ...{ platform: "kubernetes", namespace: "fleet", context: "prod", kubeconfig: "/k" },
    });
  });
});

describe("the journal", () => {
  it("keeps no path of this machine", () => {
    expect(keptPlace({ ...kept, kubeconfig: "/home/me/.kube/config" })).toEqual(kept);
    expect(placeIn({ context: { place: kept } })).toEqual(kept);
  });

  it("of a time before there were platforms means docker", () => {
    expect(placeIn({ context: { before: {} } })).toEqual(docker);
    expect(placeIn({ context: null })).toEqual(docker);
    expect(placeIn(undefined)).toBeUndefined();
  });

  it("decides where the objects are, the settings only how to get there", () => {
    expect(deployedPlace(kept, docker)).toEqual(kept);
    expect(deployedPlace(docker, kept)).toEqual(docker);
    expect(deployedPlace(undefined, kept)).toEqual(kept);
    const asked = { platform: "kubernetes", namespace: "other", kubeconfig: "/k" } as const;
    expect(deployedPlace(kept, asked)).toEqual({ ...kept, kubeconfig: "/k" });
    expect(deployedPlace(kept, { ...asked, context: "mine" })).toEqual({
      ...{ ...kept, kubeconfig: "/k", context: "mine" },
    });
  });
});

describe("a stack that was deployed", () => {
  it.each([
    ["nowhere yet", undefined, kept],
    ["on docker still", docker, docker],
    [
      "in the same cluster by another address",
      kept,
      { ...kept, cluster: { ...kept.cluster!, server: "https://vpn" } },
    ],
    [
      "in the same cluster with a new authority",
      kept,
      { ...kept, cluster: { ...kept.cluster!, authority: "0" } },
    ],
    ["in the same cluster by another context", kept, { ...kept, context: "admin@prod" }],
  ] as const)("%s stays", (_, before, now) => {
    expect(moveObjection("production", before, now)).toBeUndefined();
  });

  it.each([
    ["to another platform", docker, kept, "deployed on docker"],
    ["to another namespace", kept, { ...kept, namespace: "two" }, "namespace two at https://10"],
    ["to another cluster", kept, { ...kept, cluster: { server: "https://b" } }, "at https://b;"],
  ] as const)("does not move %s", (_, before, now, words) => {
    const objection = moveObjection("production", before, now);
    expect(objection).toContain(words);
    expect(objection).toContain("./fleet destroy --stack production");
  });
});

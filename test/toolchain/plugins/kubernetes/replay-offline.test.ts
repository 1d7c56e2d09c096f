import { describe, expect, it } from "vitest";
import { kubernetesProvider } from "../../../../toolchain/plugins/kubernetes/plugin.ts";
import { engineLog } from "../../../../toolchain/plugins/rpc/engine-log.ts";
import { withExplicitKinds } from "../recordings.ts";
import { callsOf } from "./recorded-calls.ts";

/** Without any cluster: the official plugin asks none for these calls. */
const provider = kubernetesProvider("4.34.2", engineLog(undefined), { HOME: "/nowhere" });

describe("answers of the official kubernetes plugin that need no cluster", () => {
  it("were recorded in full", () => {
    const counts = ["CheckConfig", "DiffConfig", "Configure", "Check", "Diff"].map(
      (call) => callsOf(call).length,
    );
    expect(counts).toEqual([2, 1, 4, 25, 21]);
  });

  it.each(callsOf("CheckConfig"))("CheckConfig %s", (_, { request, response }) => {
    expect(provider.checkConfig(request.news)).toEqual(response);
  });

  it.each(callsOf("Configure"))("Configure %s", (_, { response }) => {
    const { acceptSecrets = false, acceptResources = false } = response;
    expect(provider.features).toEqual({ acceptSecrets, acceptResources });
  });

  it.each(callsOf("DiffConfig"))("DiffConfig %s", (_, { request, response }) => {
    expect(provider.diffConfig?.(request.olds, request.news)).toEqual(response);
  });

  it.each(callsOf("Check"))("Check %s, generated names included", (_, { request, response }) => {
    const randomSeed = Buffer.from(request.randomSeed, "base64");
    expect(provider.check({ ...request, randomSeed })).toEqual(response);
  });

  it.each(callsOf("Diff"))("Diff %s", (_, { request, response }) => {
    const answer = provider.diff({ ...request, ignoreChanges: [] });
    expect(answer).toEqual(withExplicitKinds(response));
  });
});

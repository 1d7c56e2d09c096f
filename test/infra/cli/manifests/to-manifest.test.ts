import { expect, it } from "vitest";
import { parse } from "yaml";
import { liveSecretType } from "../../../../infra/cli/manifests/deployed.ts";
import { manifestFiles, toManifest } from "../../../../infra/cli/manifests/to-manifest.ts";
import { sample } from "./sample.ts";

it("writes no secret, under whatever name", () => {
  const live = toManifest({
    type: liveSecretType,
    name: "gateway-files-live",
    step: "create",
    objectName: "gateway-files",
    inputs: {
      ...{ secret: "gateway-files", namespace: "fleet", labels: { a: "b" }, hash: "0123abcd" },
      files: JSON.stringify({ "tokens.map": "hunter2" }),
      __provider: "code",
    },
  });
  expect(live["stringData"]).toEqual({ "tokens.map": "hunter2", ".version": "0123abcd" });
  const encoded = { ...sample().secret, data: { key: "aHVudGVyMg==" } };
  const text = JSON.stringify(manifestFiles([live, encoded]));
  expect(text).not.toMatch(/hunter2|aHVudGVyMg|0123abcd|code/);
  expect(text).toContain("tokens.map: withheld");
});

it("writes what tools that read YAML 1.1 take for text as text", () => {
  const { set } = sample();
  const labelled = { ...set, metadata: { ...set.metadata, labels: { a: "yes", b: "1e3" } } };
  const { "statefulset/scene-1a2b3c4.yaml": text } = manifestFiles([labelled]);
  expect(parse(text!, { version: "1.1" })).toEqual(labelled);
});

import * as core from "@pulumi/kubernetes/core/v1/index.js";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import { expect, it } from "vitest";
import { deployedOf } from "../../../../infra/cli/manifests/deployed.ts";
import { runProgram, type Planned } from "../../../../infra/cli/manifests/run-program.ts";
import type { Deployment, Properties } from "../../../../infra/release/deployment.ts";
import { asSecret } from "../../../../infra/release/deployment-values.ts";

const urn = (type: string, name: string) => `urn:pulumi:prod::mcp-fleet::${type}::${name}`;
const resource = (
  type: string,
  name: string,
  inputs: Properties,
  outputs: Properties = inputs,
) => ({
  ...{ urn: urn(type, name), type, id: name, custom: true, inputs, outputs },
});
const secretType = "kubernetes:core/v1:Secret";
const passwordType = "random:index/randomPassword:RandomPassword";

/** What the plugin writes of the program's Secret: a name of its own, and a note that it chose it. */
const secretInputs = (password: string): Properties => ({
  ...{ apiVersion: "v1", kind: "Secret" },
  metadata: {
    name: "files-5f3a",
    namespace: "fleet",
    annotations: { "pulumi.com/autonamed": "true" },
  },
  stringData: asSecret({ password } as unknown as string),
});

const before = (password: string): Deployment => ({
  resources: [
    resource(passwordType, "password", { length: 8 }, { result: asSecret("kept-one") }),
    resource(secretType, "files", secretInputs(password)),
    { ...resource(secretType, "old", secretInputs("x")), delete: true },
  ],
});

async function plan(deployment: Deployment | null): Promise<Planned[]> {
  const run = { project: "mcp-fleet", stack: "prod", deployed: deployedOf(deployment), config: {} };
  return runProgram(run, () => {
    const { result } = new random.RandomPassword("password", { length: 8 });
    const secret = new core.Secret("files", {
      metadata: { namespace: "fleet" },
      stringData: pulumi.secret({ password: result }),
    });
    new core.Service("reader", {
      metadata: {
        name: "reader",
        namespace: "fleet",
        annotations: { reads: secret.metadata.name },
      },
    });
  });
}

const summary = (planned: readonly Planned[]) =>
  Object.fromEntries(planned.map(({ name, step, objectName }) => [name, [step, objectName]]));

it("makes everything new without a release before, with the same names every time", async () => {
  const planned = await plan(null);
  const { files, reader } = summary(planned);
  expect(files).toEqual(["create", expect.stringMatching(/^files-[0-9a-f]{8}$/)]);
  expect(reader).toEqual(["create", "reader"]);
  expect(summary(await plan(null))).toEqual(summary(planned));
});

it("leaves what has the same inputs, generated values included, under the name that it has", async () => {
  const planned = await plan(before("kept-one"));
  expect(summary(planned)).toEqual({
    files: ["same", "files-5f3a"],
    reader: ["create", "reader"],
  });
  const reader = planned.find(({ name }) => name === "reader")!;
  expect(reader.inputs["metadata"]).toMatchObject({ annotations: { reads: "files-5f3a" } });
});

it("changes what differs, inside of secrets too", async () => {
  const { files } = summary(await plan(before("another")));
  expect(files![0]).toBe("change");
  expect(files![1]).not.toBe("files-5f3a");
});

it("says what the program refuses, without a stack trace", async () => {
  const run = { project: "mcp-fleet", stack: "prod", deployed: deployedOf(null), config: {} };
  const refused = runProgram(run, () => {
    throw new pulumi.RunError("tokens: too short");
  });
  await expect(refused).rejects.toMatchObject({ name: "UserError", message: "tokens: too short" });
});

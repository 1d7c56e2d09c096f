import { describe, expect, it } from "vitest";
import { outputsOf } from "../../../infra/cli/stack-state.ts";

/** A secret as `pulumi stack export --show-secrets` prints it. */
const secret = (plain: unknown) => ({
  "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
  plaintext: JSON.stringify(plain),
});

const exported = (outputs: Record<string, unknown>) => ({
  resources: [
    { urn: "urn:other", type: "random:index/randomId:RandomId", outputs: { other: 1 } },
    { urn: "urn:stack", type: "pulumi:pulumi:Stack", outputs },
  ],
});

describe("outputs of a state", () => {
  it("are those of the stack, secrets in clear and marked, wherever they stand", () => {
    const outputs = outputsOf(
      exported({
        url: "http://x",
        tokens: secret({ default: { primary: "a" } }),
        nested: { list: [1, { deep: secret("b") }] },
        nothing: null,
      }),
    );
    expect(outputs).toEqual({
      url: { value: "http://x", secret: false },
      tokens: { value: { default: { primary: "a" } }, secret: true },
      nested: { value: { list: [1, { deep: "b" }] }, secret: true },
      nothing: { value: null, secret: false },
    });
  });

  it("are none for a stack that was never deployed", () => {
    expect(outputsOf({})).toEqual({});
  });
});

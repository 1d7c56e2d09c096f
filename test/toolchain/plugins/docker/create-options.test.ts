import { describe, expect, it } from "vitest";
import { planUpdate } from "../../../../toolchain/plugins/bridge/plan.ts";
import {
  cpusText,
  nanoCpus,
} from "../../../../toolchain/plugins/docker/container/create-options.ts";
import { containerFields } from "../../../../toolchain/plugins/docker/container/schema.ts";

describe("CPUs", () => {
  it.each([
    ["1.0", 1e9],
    ["2.0", 2e9],
    ["0.5", 5e8],
    ["1.5", 15e8],
    ["0.25", 25e7],
    ["0.123456789", 123456789],
  ])("%s stays as it is on the way to the engine and back", (text, nano) => {
    expect(nanoCpus(text)).toBe(nano);
    expect(cpusText(nano)).toBe(text);
  });
});

describe("what the image says and the program does not", () => {
  it.each(["user", "workingDir"])("%s is no change", (property) => {
    const prior = { [property]: "from-the-image" };
    const field = { [property]: containerFields[property]! };
    expect(planUpdate(field, prior, {})).toBe(prior);
    expect(planUpdate(field, prior, { [property]: "" })).toBe(prior);
    expect(planUpdate(field, prior, { [property]: "other" })).toEqual({ [property]: "other" });
  });
});

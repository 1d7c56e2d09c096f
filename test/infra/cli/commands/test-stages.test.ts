import { expect, it } from "vitest";
import { stagesOf } from "../../../../infra/cli/commands/test.ts";

it.each<[string, string[], string[][][]]>([
  [
    "one after the other until the engine waits more than it works",
    ["static", "unit", "artefacts", "containers", "engine", "docker"],
    [[["static"]], [["unit"]], [["docker"], ["artefacts", "containers", "engine"]]],
  ],
  ["in turn without docker", ["artefacts", "engine"], [[["artefacts"]], [["engine"]]]],
  ["docker alone", ["docker"], [[["docker"]]]],
  [
    "nothing beside suites whose claims are about seconds",
    ["engine", "docker", "drills", "kubernetes"],
    [[["docker"], ["engine"]], [["drills"]], [["kubernetes"]]],
  ],
])("runs suites %s", (_how, wanted, stages) => {
  expect(stagesOf(wanted)).toEqual(stages);
});

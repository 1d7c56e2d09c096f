import { expect, it } from "vitest";
import { stagesOf, type Stage } from "../../../../infra/cli/commands/test.ts";

const alone = (suite: string): Stage => ({ suites: [suite], lanes: 1 });

it.each<[string, string[], Stage[]]>([
  [
    "one after the other until the engine waits more than it works",
    ["static", "unit", "artefacts", "containers", "cli", "engine", "docker"],
    [
      alone("static"),
      alone("unit"),
      { suites: ["docker", "artefacts", "engine", "cli", "containers"], lanes: 2 },
    ],
  ],
  ["in turn without docker", ["artefacts", "engine"], [alone("artefacts"), alone("engine")]],
  ["docker alone", ["docker"], [alone("docker")]],
  [
    "nothing beside suites whose claims are about seconds",
    ["engine", "docker", "drills", "kubernetes"],
    [{ suites: ["docker", "engine"], lanes: 2 }, alone("drills"), alone("kubernetes")],
  ],
])("runs suites %s", (_how, wanted, stages) => {
  expect(stagesOf(wanted)).toEqual(stages);
});

import { afterAll, beforeAll, expect } from "vitest";
import { must } from "../../artefacts/database-harness.ts";
import { answerClaims } from "./claims-answers.ts";
import { gateClaims } from "./claims-gate.ts";
import { watchClaims } from "./claims-watch.ts";
import { probe, ProbeLab } from "./probe-lab.ts";

const lab = new ProbeLab();

beforeAll(async () => {
  await lab.open();
  const up = ["scene", "mute"].map((name) =>
    probe(name, { kind: "tcp", port: 3005, startPeriodSeconds: 60 }),
  );
  const database = { kind: "postgres", port: 5432, database: "postgres", user: "scene_a" } as const;
  const started = probe("postgres", {
    ...database,
    passwordOf: "scene_a",
    startPeriodSeconds: 60,
  });
  const { reasons } = await lab.judged([...up, started], { kind: "gate" });
  expect(reasons).toEqual([]);
});

afterAll(async () => {
  await lab.close();
  expect((await must("ps", "-aq", `--filter=name=${lab.prefix}`)).trim()).toBe("");
});

answerClaims(lab);
gateClaims(lab);
watchClaims(lab);

import type { EngineEvent } from "@pulumi/pulumi/automation/index.js";
import { expect, it } from "vitest";
import { Progress } from "../../../infra/cli/progress.ts";

const urn = (type: string, name: string) => `urn:pulumi:staging::mcp-fleet::${type}::${name}`;
const container = "docker:index/container:Container";

/** Events as the engine writes them to its event log, cut down to what is read. */
function step(
  kind: "resourcePreEvent" | "resOutputsEvent" | "resOpFailedEvent",
  op: string,
  type: string,
  name: string,
  diffs?: string[],
): EngineEvent {
  return {
    sequence: 1,
    timestamp: 1,
    [kind]: {
      metadata: { op, type, urn: urn(type, name), provider: "", ...(diffs && { diffs }) },
    },
  };
}

function said(severity: string, message: string): EngineEvent {
  return {
    sequence: 1,
    timestamp: 1,
    diagnosticEvent: { severity, message, color: "never" },
  } as unknown as EngineEvent;
}

function feed(mode: "preview" | "run", events: readonly EngineEvent[]) {
  const lines: string[] = [];
  const progress = new Progress((line) => lines.push(line), mode);
  for (const event of events) progress.onEvent(event);
  return { lines: lines.map((line) => line.replace(/^ *\d+s /, "")), progress };
}

const steps = [
  step("resourcePreEvent", "create", "pulumi:pulumi:Stack", "mcp-fleet-staging"),
  step("resourcePreEvent", "create", "random:index/randomPassword:RandomPassword", "owner"),
  step("resourcePreEvent", "create", container, "gateway"),
  step("resOutputsEvent", "create", container, "gateway"),
  step("resourcePreEvent", "same", container, "postgres"),
  step("resOutputsEvent", "same", container, "postgres"),
  step("resourcePreEvent", "refresh", container, "postgres"),
  step("resourcePreEvent", "update", container, "prometheus", ["memory", "envs"]),
  step("resOutputsEvent", "update", container, "prometheus"),
  step("resourcePreEvent", "delete-replaced", container, "scene"),
  step("resOutputsEvent", "delete-replaced", container, "scene"),
];

it("says what was done, once per object that a person knows", () => {
  const { lines, progress } = feed("run", steps);
  expect(lines).toEqual([
    "created Container gateway in 0.0 s",
    "updated Container prometheus in 0.0 s",
    "deleted Container scene in 0.0 s",
  ]);
  // The generated password counts, the stack itself does not.
  expect(progress.changes).toBe(4);
});

it("says what the engine's sums hold besides the lines, each thing once", () => {
  const stash = "pulumi:index:Stash";
  const records = ["gate-private", "gate-public"].flatMap((name) =>
    ["create-replacement", "replace"].map((op) => step("resourcePreEvent", op, stash, name)),
  );
  const unlisted = (events: readonly EngineEvent[]) => feed("preview", events).progress.unlisted;
  expect(unlisted(records)).toBe(" (not listed: 2 x release record)");
  expect(unlisted([...steps, ...records])).toBe(
    " (not listed: 2 x release record, 1 x generated value, 1 x group or provider)",
  );
  expect(unlisted([step("resourcePreEvent", "update", container, "gateway")])).toBe("");
});

it("says what would be done, with the properties that change", () => {
  expect(feed("preview", steps).lines).toEqual([
    "  create Container gateway",
    "  update Container prometheus (envs, memory)",
    "  delete Container scene",
  ]);
});

/** A changed server: the new container is made, the old one removed at the end. */
const replacement = ["create-replacement", "replace", "delete-replaced"].flatMap((op) => [
  step("resourcePreEvent", op, container, "scene", ["image"]),
  step("resOutputsEvent", op, container, "scene"),
]);
/** One whose port the old one holds: it goes first. */
const inPlace = [...replacement.slice(4), ...replacement.slice(0, 4)];

it("says of a replacement what becomes of each object, as the old one lives on for a while", () => {
  expect(feed("run", replacement.slice(0, 4)).lines).toEqual([
    "created Container scene beside the old one in 0.0 s",
  ]);
  expect(feed("run", replacement).lines.at(-1)).toBe("deleted Container scene in 0.0 s");
  expect(feed("run", inPlace).lines).toEqual([
    "deleted Container scene in 0.0 s",
    "created Container scene in 0.0 s",
  ]);
});

it("calls a replacement by its name in a preview, once, and says if the old one goes first", () => {
  expect(feed("preview", replacement).lines).toEqual(["  replace Container scene (image)"]);
  expect(feed("preview", inPlace).lines).toEqual([
    "  delete Container scene (image)",
    "  replace Container scene (image)",
  ]);
});

it("names a step that failed", () => {
  const { lines } = feed("run", [step("resOpFailedEvent", "create", container, "gateway")]);
  expect(lines).toEqual(["FAILED Container gateway"]);
});

it("collects errors without colours and without the engine's own last word", () => {
  const { progress, lines } = feed("run", [
    said("error", "<{%fg 1%}>port 3001 is taken<{%reset%}>\n"),
    said("info#err", "stderr of the program"),
    said("warning", "using pulumi-resource-docker from $PATH"),
    said("error", "update failed"),
    said("error", "<{%reset%}> \n"),
  ]);
  expect(progress.problems).toEqual(["port 3001 is taken", "stderr of the program"]);
  expect(lines).toEqual([]);
});

it("passes on what the program announces", () => {
  const events = [said("info", "an interrupted run left container x; removed<{%reset%}>\n")];
  expect(feed("run", events).lines).toEqual(["an interrupted run left container x; removed"]);
  expect(feed("preview", events).lines).toEqual([]);
});

it("draws one line of what goes on: steps, then how far the gate is", () => {
  const shown: (string | undefined)[] = [];
  const progress = new Progress(
    () => undefined,
    "run",
    (text) => shown.push(text?.replace(/^ *\d+s /, "")),
  );
  const last = () => shown.at(-1);
  for (const name of ["a", "b", "c", "d"])
    progress.onEvent(step("resourcePreEvent", "create", container, name));
  expect(last()).toBe("PREPARE  Container a, Container b, Container c and 1 more");
  for (const name of ["a", "b", "c"])
    progress.onEvent(step("resOutputsEvent", "create", container, name));
  expect(last()).toBe("PREPARE  Container d");
  progress.onRelease({ kind: "phase", phase: "gate" });
  const standing = { kind: "standing", gate: "private", probes: 9 } as const;
  progress.onRelease({ ...standing, passing: 7, waiting: ["scene/ready", "scene/mcp"] });
  expect(last()).toBe("GATE     7 of 9 probes pass, waiting for scene/ready, scene/mcp");
  progress.onRelease({ ...standing, passing: 9, waiting: [] });
  expect(last()).toBe("GATE     9 of 9 probes pass");
  progress.onRelease({ kind: "phase", phase: "rollback" });
  expect(last()).toBe("ROLLBACK");
  progress.close();
  expect(last()).toBeUndefined();
});

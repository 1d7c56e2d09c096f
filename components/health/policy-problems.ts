import type { HealthSpec } from "./health.schema.ts";
import type { Probe } from "./probe.schema.ts";

/** Probes before (`gate`) and after (`watch`) the switch. */
export interface PolicyProbes {
  readonly gate: readonly Probe[];
  readonly watch: readonly Probe[];
}

/** A setting of the fleet file's `health` that fits nothing. */
export interface PolicyProblem {
  /** Keys and indexes below `health`. */
  readonly at: readonly (string | number)[];
  readonly got: string;
  /** What it has to be one of. */
  readonly known: readonly string[];
  readonly allowed: string;
}

/** Every problem of a health policy, in one error. */
export class PolicyError extends Error {
  readonly problems: readonly PolicyProblem[];

  constructor(problems: readonly PolicyProblem[]) {
    const lines = problems.map(
      ({ at, got, allowed, known }) =>
        `  ${["health", ...at].join(".")}: got ${got}; ${allowed}` +
        (known.length > 0 ? `; there is ${known.join(", ")}` : ""),
    );
    super(`the health policy has ${problems.length} problem(s):\n${lines.join("\n")}`);
    this.name = "PolicyError";
    this.problems = problems;
  }
}

/** Components that can be asked before (`gate`) and after (`watch`) the switch. */
export interface AskableComponents {
  readonly gate: readonly string[];
  readonly watch: readonly string[];
  /**
   * After the switch, but by queries alone: somebody else runs them.
   *
   * @default none
   */
  readonly queried?: readonly string[];
}

/** What of the fleet file's settings fits no probe or no component: found before anything is deployed. */
export function policyProblems(
  { change, off, probes: own }: HealthSpec,
  probes: PolicyProbes,
  askable: AskableComponents,
): readonly PolicyProblem[] {
  const all = [...probes.gate, ...probes.watch];
  const names = [...new Set(all.map(({ name }) => name))];
  const pattern = (at: PolicyProblem["at"], text: string): PolicyProblem[] =>
    names.some((name) => matches(text, name))
      ? []
      : [{ at, got: text, known: names, allowed: "fits no probe" }];
  return [
    ...off.flatMap((text, index) => pattern(["off", index], text)),
    ...change.flatMap((entry, index) =>
      entry.probes.flatMap((text, inner) => pattern(["change", index, "probes", inner], text)),
    ),
    ...own.flatMap((probe, index) => ownProblems(probe, index, { own, probes, askable })),
  ];
}

interface Surroundings {
  readonly own: readonly Probe[];
  readonly probes: PolicyProbes;
  readonly askable: AskableComponents;
}

function ownProblems(
  probe: Probe,
  index: number,
  { own, probes, askable }: Surroundings,
): PolicyProblem[] {
  const at = (...keys: (string | number)[]) => ["probes", index, ...keys];
  const when = probe.tags.includes("watch") ? "watch" : "gate";
  const beside = probes[when].map(({ name }) => name).filter((name) => name !== probe.name);
  const queried = when === "watch" && probe.kind === "promql" ? (askable.queried ?? []) : [];
  const components = [...askable[when], ...queried];
  const asked = probe.at ?? probe.subject;
  const problems: PolicyProblem[] = probe.after.flatMap((other, inner) =>
    beside.includes(other)
      ? []
      : [{ at: at("after", inner), got: other, known: beside, allowed: `no probe of the ${when}` }],
  );
  // A script runs on this machine, and may be about anything.
  if (probe.kind !== "script" && !components.includes(asked)) {
    problems.push({
      at: at(probe.at === undefined ? "subject" : "at"),
      got: asked,
      known: components,
      allowed:
        when === "gate"
          ? "cannot be asked before the switch (tag watch: after it)"
          : "no component that can be asked",
    });
  }
  if (own.findIndex(({ name }) => name === probe.name) < index) {
    problems.push({ at: at("name"), got: probe.name, known: [], allowed: "named twice" });
  }
  return [...problems, ...cycleProblems(probe, index, probes[when])];
}

/** Own probes that wait for each other would wait until the deadline. */
function cycleProblems(probe: Probe, index: number, all: readonly Probe[]): PolicyProblem[] {
  const reached = new Set<string>();
  const visit = (name: string): void => {
    for (const next of all.find((other) => other.name === name)?.after ?? []) {
      if (reached.has(next)) continue;
      reached.add(next);
      visit(next);
    }
  };
  visit(probe.name);
  return reached.has(probe.name)
    ? [
        {
          at: ["probes", index, "after"],
          got: [...reached].join(", "),
          known: [],
          allowed: "waits for itself",
        },
      ]
    : [];
}

/** `*` stands for anything, also for nothing. */
export function matches(pattern: string, name: string): boolean {
  const expression = pattern
    .split("*")
    .map((part) => part.replaceAll(/[.]/g, "\\."))
    .join(".*");
  return new RegExp(`^${expression}$`).test(name);
}

import { execFile } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { AlertCase, AlertRule } from "../../components/monitoring/alerts/alert-rule.ts";
import { stepSeconds } from "../../components/monitoring/alerts/cases.ts";
import { defaultSlo, type AlertChanges } from "../../components/monitoring/alerts/catalogue.ts";
import type { Alert, AlertSettings } from "../../components/monitoring/alerts/define-alert.ts";
import { sloRecordings, type SloSettings } from "../../components/monitoring/alerts/slo.ts";
import {
  renderAlertTests,
  renderRules,
  type PlainRecording,
} from "../../components/monitoring/rules.render.ts";

/** A rule with one thing changed, and the tests of the rule as it should be. */
export interface Mutant {
  /** As in `HighErrorRate for 300 -> 360`. */
  readonly name: string;
  /** File name -> content: one rule file and its tests, in the order of their names. */
  readonly files: Readonly<Record<string, string>>;
}

const settings: AlertSettings = { scrapeIntervalSeconds: 15, runbooks: "docs/runbooks" };

/** Option of `docker run`: promtool collects its garbage less often, which was a fifth of its time. */
export const promtoolMemory = "--env=GOGC=400";

/** Every alert with each of its thresholds, durations, windows and comparisons changed, one at a time. */
export function mutantsOf(alerts: readonly Alert[]): readonly Mutant[] {
  return alerts.flatMap((alert) => {
    const rule = alert.rule(settings);
    const recordings = recordingsOf(rule);
    const tests = testsOf(rule);
    const mutant = (name: string, changed: AlertRule, recorded = recordings): Mutant => ({
      name: `${alert.name} ${name}`,
      files: { ...tests, ...rulesOf(changed, recorded) },
    });
    return [
      ...thresholds(alert, rule).map(([name, changed]) => mutant(name, changed)),
      ...durations(rule).map(([name, changed]) => mutant(name, changed)),
      ...texts(rule.expr, comparisons)
        .filter(([name]) => differs(rule.expr, name))
        .map(([name, expr]) => mutant(name, { ...rule, expr })),
      ...texts(rule.expr, windows).map(([name, expr]) => mutant(name, { ...rule, expr })),
      ...texts(rule.expr, recordedWindows).map(([name, expr]) => mutant(name, { ...rule, expr })),
      ...recordings.flatMap((recording, index) =>
        rule.expr.includes(recording.record)
          ? texts(recording.expr, windows).map(([name, expr]) =>
              mutant(
                `${recording.record} ${name}`,
                rule,
                recordings.map((other, at) => (at === index ? { ...recording, expr } : other)),
              ),
            )
          : [],
      ),
    ];
  });
}

/** The rule as it is, in a fleet with these numbers: its tests have to pass, or nothing is proven. */
export function unchanged(
  alerts: readonly Alert[],
  changes: AlertChanges = {},
  slo: SloSettings = defaultSlo,
): readonly Mutant[] {
  return alerts.map((alert) => {
    const rule = alert.rule(settings, changes[alert.name]);
    return {
      name: `${alert.name} unchanged`,
      files: { ...testsOf(rule), ...rulesOf(rule, recordingsOf(rule, slo)) },
    };
  });
}

/** The rule with the recordings that it reads: the others, of days each, cost time and prove nothing. */
function rulesOf(rule: AlertRule, recordings: readonly PlainRecording[]): Record<string, string> {
  const read = recordings.filter(({ record }) => rule.expr.includes(record));
  return { [`${rule.group}.rules.yml`]: renderRules(rule.group, read, [rule]) };
}

/** Each test in a file of its own, those with the fewest evaluations first: one that fails is enough. */
function testsOf(rule: AlertRule): Record<string, string> {
  const { fires, quiet } = rule.tests;
  const evaluations = ({ atSeconds, stepSeconds: step = stepSeconds }: AlertCase) =>
    atSeconds / step;
  const single = [
    ...fires.map((test) => ({ cost: evaluations(test), tests: { fires: [test], quiet: [] } })),
    ...quiet.map((test) => ({ cost: evaluations(test), tests: { fires: [], quiet: [test] } })),
  ].sort((a, b) => a.cost - b.cost);
  return Object.fromEntries(
    single.map(({ tests }, index) => {
      const [text] = Object.values(renderAlertTests(rule.group, [{ ...rule, tests }]));
      return [`${String(index).padStart(2, "0")}.test.yml`, text!];
    }),
  );
}

function recordingsOf({ group }: AlertRule, slo: SloSettings = defaultSlo): PlainRecording[] {
  if (group !== "slo-availability" && group !== "slo-latency") return [];
  return sloRecordings(group === "slo-latency" ? "latency" : "availability", slo);
}

type Changed = readonly [name: string, rule: AlertRule];

function thresholds(alert: Alert, rule: AlertRule): Changed[] {
  return Object.entries(alert.values()).flatMap(([key, value]): Changed[] => {
    // Between whole numbers there is nothing where things are counted.
    const whole = Number.isInteger(value) && value <= 10;
    const others = whole
      ? [value - 1, value + 1].filter((n) => n >= 0)
      : [value * 0.9, value * 1.1];
    return others.flatMap((other): Changed[] => {
      const changed = alert.rule(settings, { thresholds: { [key]: other } });
      return changed.expr === rule.expr
        ? []
        : [[`${key} ${value} -> ${other}`, { ...rule, expr: changed.expr }]];
    });
  });
}

function durations(rule: AlertRule): Changed[] {
  const { forSeconds, keepFiringSeconds } = rule;
  const around = (seconds: number) => [seconds + 60, Math.max(0, seconds - 60)];
  const others = forSeconds === 0 ? [60] : around(forSeconds);
  const kept = keepFiringSeconds === undefined ? [] : around(keepFiringSeconds);
  return [
    ...others.map((other): Changed => [
      `for ${forSeconds} -> ${other}`,
      { ...rule, forSeconds: other },
    ]),
    ...kept.map((other): Changed => [
      `keep firing for ${keepFiringSeconds} -> ${other}`,
      { ...rule, keepFiringSeconds: other },
    ]),
  ];
}

/**
 * A rate or a share of rates is never exactly a threshold: there `>` and `>=` are the same. A guard is one as well.
 */
function differs(expr: string, name: string): boolean {
  const strictness = />=$|<=$/.test(name);
  return !(strictness && /rate|increase/.test(expr));
}

interface Replacement {
  readonly pattern: RegExp;
  readonly by: (found: string) => readonly string[];
}

/** Outside of matchers, comparisons have spaces on both sides. */
const comparisons: Replacement = {
  pattern: / (==|!=|>=|<=|>|<) /g,
  by: (found) =>
    ({
      " == ": [" != "],
      " > ": [" < ", " >= "],
      " < ": [" > ", " <= "],
      " >= ": [" < "],
      " <= ": [" > "],
    })[found] ?? [],
};

const windows: Replacement = {
  pattern: /\[(\d+)([mhd])\]/g,
  by: (found) => {
    const [, count, unit] = /\[(\d+)([mhd])\]/.exec(found)!;
    const seconds = Number(count) * { m: 60, h: 3600, d: 86_400 }[unit as "m" | "h" | "d"];
    return [`[${seconds / 2}s]`, `[${seconds * 2}s]`];
  },
};

/** Windows that are part of a recorded name, as in `ratio_rate5m`. */
const recordedWindows: Replacement = {
  pattern: /rate(5m|30m|1h|6h|3d)\b/g,
  by: (found) => {
    const all = ["rate5m", "rate30m", "rate1h", "rate6h", "rate3d"];
    const at = all.indexOf(found);
    return [all[at - 1], all[at + 1]].filter((name) => name !== undefined);
  },
};

/** Every text in which one occurrence is replaced. */
function texts(text: string, { pattern, by }: Replacement): [name: string, changed: string][] {
  return [...text.matchAll(pattern)].flatMap(({ 0: found, index }) =>
    by(found).map((other): [string, string] => [
      `at ${index}: ${found.trim()} -> ${other.trim()}`,
      text.slice(0, index) + other + text.slice(index + found.length),
    ]),
  );
}

/** Runs every set of tests in one container; the names of those that passed. */
export async function passing(image: string, mutants: readonly Mutant[]): Promise<string[]> {
  const directory = mkdtempSync(join(tmpdir(), "mutants-"));
  try {
    mutants.forEach(({ files }, index) => {
      const folder = join(directory, String(index).padStart(4, "0"));
      mkdirSync(folder);
      for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, file), text);
    });
    // A temporary directory is private to its owner; the image's user is another one.
    chmodSync(directory, 0o755);
    // A rule that cannot be read would fail its tests too: only one that can be is a mutant.
    const script =
      "cd /m; for d in *; do cd /m/$d; promtool check rules *.rules.yml >/dev/null 2>&1 || { echo broken $d; continue; };" +
      " ok=1; for t in *.test.yml; do promtool test rules $t >/dev/null 2>&1 || { ok=0; break; }; done;" +
      " [ $ok = 1 ] && echo passed $d; done; true";
    const { stdout } = await promisify(execFile)(
      "docker",
      [
        ...["run", "--rm", "--network=none", "--read-only", "--tmpfs=/tmp:mode=1777"],
        promtoolMemory,
        ...[`-v=${directory}:/m:ro`, "--entrypoint=sh", image, "-c", script],
      ],
      { maxBuffer: 1 << 24 },
    );
    const lines = stdout.trim().split("\n").filter(Boolean);
    const broken = lines.filter((line) => line.startsWith("broken"));
    if (broken.length > 0) {
      const list = broken.map((line) => mutants[Number(line.split(" ")[1])]!.name).join(", ");
      throw new Error(`rules that promtool cannot read: ${list}`);
    }
    return lines.map((line) => mutants[Number(line.split(" ")[1])]!.name);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

import { parse, stringify } from "yaml";
import { scopeQuery, scopeRules, type Scope } from "../../../components/monitoring/scope.render.ts";

interface TestFile {
  readonly rule_files: readonly string[];
  readonly evaluation_interval: string;
  readonly tests: readonly {
    readonly name: string;
    readonly input_series: readonly { readonly series: string; readonly values: string }[];
    readonly alert_rule_test?: readonly {
      readonly exp_alerts: readonly { readonly exp_labels: Scope }[];
    }[];
    readonly promql_expr_test?: readonly {
      readonly expr: string;
      readonly exp_samples: readonly { readonly labels: string }[];
    }[];
  }[];
}

/** Rule files as somebody else's Prometheus gets them. */
export function scopedFiles(
  files: Readonly<Record<string, string>>,
  scope: Scope,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(files).map(([file, text]) => [file, stringify(scopeRules(text, scope))]),
  );
}

/** The first firing and the first quiet test of each alert in a file of tests. */
export function someOfEachAlert(text: string): string {
  const content = parse(text) as TestFile;
  const first = new Map<string, TestFile["tests"][number]>();
  for (const test of content.tests) {
    const [claim = ""] = test.name.split(":");
    if (!first.has(claim)) first.set(claim, test);
  }
  return stringify({ ...content, tests: [...first.values()] });
}

/**
 * Unit tests of rules among the series of two fleets that have the same names and, at each moment, the same trouble: what
 * is expected is one fleet's alone.
 */
export function scopedTests(
  files: Readonly<Record<string, string>>,
  scope: Scope,
  other: Scope,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(files).map(([file, text]) => {
      const content = parse(text) as TestFile;
      const tests = content.tests.map((test) => ({
        ...test,
        input_series: [scope, other].flatMap((labels) =>
          test.input_series.map((one) => ({ ...one, series: scopeQuery(one.series, labels) })),
        ),
        ...(test.alert_rule_test && {
          alert_rule_test: test.alert_rule_test.map((one) => ({
            ...one,
            exp_alerts: one.exp_alerts.map((alert) => ({
              ...alert,
              exp_labels: { ...alert.exp_labels, ...scope },
            })),
          })),
        }),
        ...(test.promql_expr_test && {
          promql_expr_test: test.promql_expr_test.map((one) => ({
            ...one,
            expr: scopeQuery(one.expr, scope),
            exp_samples: one.exp_samples.map((sample) => ({
              ...sample,
              labels: scopeQuery(sample.labels, scope),
            })),
          })),
        }),
      }));
      return [file, stringify({ ...content, tests }, { aliasDuplicateObjects: false })];
    }),
  );
}

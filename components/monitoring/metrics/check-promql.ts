import { parser } from "@prometheus-io/lezer-promql";
import { series } from "../metrics.ts";

type Tree = ReturnType<typeof parser.parse>;
type Node = Tree["topNode"];

/**
 * Everything in an expression that is outside the catalogue, one line each; empty: none. Expressions that are not put
 * together with `select` are judged by this.
 *
 * Grafana's variables may occur: `$__rate_interval` and its like as ranges, `$name` inside matcher values, which are
 * then not judged.
 */
export function unknownInPromql(expression: string): string[] {
  const text = expression.replaceAll(/\$__(rate_interval|interval|range)\b|\$\{__\w+\}/g, "5m");
  const { topNode } = parser.parse(text);
  const broken = first(topNode, (node) => node.type.isError);
  if (broken) {
    const place = text.slice(broken.from).trim() || "the end";
    return [`does not parse at ${JSON.stringify(place.slice(0, 40))}`];
  }
  const selectors = all(topNode, "VectorSelector");
  const problems = selectors.flatMap((selector) => selectorProblems(selector, text));
  const reachable = new Set([
    ...selectors.flatMap((selector) => [...labelsOf(nameOf(selector, text))]),
    ...madeLabels(topNode, text),
  ]);
  for (const label of groupingLabels(topNode, text)) {
    if (!reachable.has(label)) problems.push(`no series in it has the label ${label}`);
  }
  return [...new Set(problems)];
}

/** Names of the series that an expression selects. */
export function selectedSeries(expression: string): string[] {
  const { topNode } = parser.parse(expression);
  return [...new Set(all(topNode, "VectorSelector").map((node) => nameOf(node, expression)))];
}

function selectorProblems(selector: Node, text: string): string[] {
  const name = nameOf(selector, text);
  const written = text.slice(selector.from, selector.to);
  if (name === "") return [`${written} names no metric`];
  const known = series.get(name);
  if (!known) return [`${name} is no metric of the catalogue`];
  return matchersOf(selector, text).flatMap(({ label, operator, value }) => {
    if (label === "__name__") return [`${written} matches the metric's name instead of giving it`];
    const values = known.labels[label];
    if (values === undefined) return [`${name} has no label ${label}`];
    if (values === "any" || value.includes("$")) return [];
    const candidates = operator === "=" || operator === "!=" ? [value] : undefined;
    const met = candidates
      ? candidates.some((candidate) => values.includes(candidate))
      : values.some((candidate) => new RegExp(`^(?:${value})$`).test(candidate));
    return met ? [] : [`${name} never has ${label}=${value}; it has ${values.join(", ")}`];
  });
}

function matchersOf(selector: Node, text: string) {
  return all(selector, "UnquotedLabelMatcher").map((matcher) => {
    const [label, operator, value] = ["LabelName", "MatchOp", "StringLiteral"].map((part) =>
      textOf(matcher.getChild(part), text),
    );
    return { label: label!, operator: operator!, value: unquoted(value!) };
  });
}

function nameOf(selector: Node, text: string): string {
  return textOf(selector.getChild("Identifier"), text);
}

function labelsOf(name: string): Iterable<string> {
  return Object.keys(series.get(name)?.labels ?? {});
}

/** Labels of `by`, `without`, `on`, `ignoring`, `group_left` and `group_right`. */
function groupingLabels(top: Node, text: string): string[] {
  return all(top, "GroupingLabels").flatMap((labels) =>
    labels.getChildren("LabelName").map((label) => textOf(label, text)),
  );
}

/** Labels that functions make. */
function madeLabels(top: Node, text: string): string[] {
  return all(top, "FunctionCall")
    .filter((call) =>
      /^label_(replace|join)$/.test(textOf(call.getChild("FunctionIdentifier"), text)),
    )
    .flatMap((call) => {
      const made = call.getChild("FunctionCallBody")?.getChild("StringLiteral");
      return made ? [unquoted(textOf(made, text))] : [];
    });
}

function textOf(node: Node | null, text: string): string {
  return node ? text.slice(node.from, node.to) : "";
}

function unquoted(literal: string): string {
  return literal.slice(1, -1).replaceAll(/\\(.)/g, "$1");
}

function all(top: Node, name: string): Node[] {
  const found: Node[] = [];
  top.cursor().iterate((node) => {
    if (node.name === name) found.push(node.node);
  });
  return found;
}

function first(top: Node, wanted: (node: Node) => boolean): Node | undefined {
  let found: Node | undefined;
  top.cursor().iterate((node) => {
    if (!found && wanted(node.node)) found = node.node;
    return !found;
  });
  return found;
}

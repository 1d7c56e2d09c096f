import { excerpt, fail, inconclusive, pass, unaskable, type Finding } from "../answer.ts";
import { compare } from "../assertion.ts";
import { askedOf, type ProbeContext } from "../context.ts";
import { numberOf } from "../exposition.ts";
import type { ProbeOf } from "../probe.schema.ts";
import { fillQuery } from "../template.ts";

interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [number, string];
}

/** Asks Prometheus about the subject. */
export async function askPromql(probe: ProbeOf<"promql">, context: ProbeContext): Promise<Finding> {
  let query: string;
  try {
    query = fillQuery(probe.query, probe.subject, context.targets[probe.subject]);
  } catch (error) {
    return unaskable(`${probe.name}: ${(error as Error).message}`);
  }
  const { status, body } = await context.connections.exchange(
    askedOf(probe, context),
    probe.port,
    { method: "GET", path: `/api/v1/query?query=${encodeURIComponent(query)}` },
    context.signal,
  );
  // 400 and 422: the query itself is wrong, which says nothing about the subject.
  if (status === 400 || status === 422)
    return unaskable(`Prometheus refuses ${query}: ${excerpt(body)}`);
  if (status !== 200) throw new Error(`answered ${status}: ${excerpt(body)}`);
  return judgeSamples(probe, samplesOf(JSON.parse(body)));
}

/** Samples of an instant vector or a scalar. */
function samplesOf(answer: unknown): readonly Sample[] {
  const { data } = answer as {
    data: { resultType: string; result: readonly Sample[] | Sample["value"] };
  };
  return data.resultType === "scalar"
    ? [{ metric: {}, value: data.result as Sample["value"] }]
    : (data.result as readonly Sample[]);
}

/** Every sample that is a number has to compare; none is no answer. */
export function judgeSamples(
  {
    subject,
    name,
    operator,
    threshold,
    unit,
  }: Pick<ProbeOf<"promql">, "subject" | "name" | "operator" | "threshold" | "unit">,
  samples: readonly Sample[],
): Finding {
  const what = name.split("/").slice(1).join(" ").replaceAll("-", " ") || name;
  const values = samples
    .map(({ metric, value }) => ({ metric, value: numberOf(value[1]) }))
    .filter(({ value }) => !Number.isNaN(value));
  if (values.length === 0)
    return inconclusive(`Prometheus has no samples about ${what} of ${subject}`);
  const wrong = values.filter(({ value }) => !compare(value, operator, threshold));
  const limit = `${operator} ${threshold}${unit}`;
  if (wrong.length === 0) return pass(`${what} of ${subject} is ${limit}`);
  const list = wrong
    .slice(0, 5)
    .map(({ metric, value }) => `${labelOf(metric)}${formatNumber(value)}${unit}`);
  const more = wrong.length > list.length ? ` and ${wrong.length - list.length} more` : "";
  return fail(`${what} of ${subject} is ${list.join(", ")}${more}, not ${limit}`);
}

function labelOf(metric: Readonly<Record<string, string>>): string {
  const { service, instance, job } = metric;
  const label = service ?? job ?? instance;
  return label === undefined ? "" : `${label}: `;
}

/** Three significant digits: a breach is no matter of the fourth. */
export function formatNumber(value: number): string {
  return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(3)));
}

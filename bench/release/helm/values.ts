import { labelNames } from "../../../components/platform/labels.ts";

interface EnvEntry {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: object;
}

interface LiveContainer {
  readonly image: string;
  readonly env?: readonly EnvEntry[];
  readonly [field: string]: unknown;
}

interface LivePodSpec {
  readonly containers: readonly LiveContainer[];
  readonly topologySpreadConstraints?: readonly Readonly<Record<string, unknown>>[];
  readonly [field: string]: unknown;
}

/** A StatefulSet as the API server has it; what is read of it. */
export interface LiveSet {
  readonly metadata: {
    readonly name: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly spec: {
    readonly replicas?: number;
    readonly template: {
      readonly metadata?: { readonly labels?: Readonly<Record<string, string>> };
      readonly spec: LivePodSpec;
    };
  };
}

/** A NetworkPolicy as the API server has it; what is read of it. */
export interface LivePolicy {
  readonly metadata: { readonly name: string };
  readonly spec: { readonly egress?: readonly object[] };
}

/** One server in the values of the chart. `image` and `env` lie where a fleet file has them, for the same `--set`. */
interface ServerValues {
  readonly image: string;
  readonly env: Readonly<Record<string, string>>;
  /** Of its MCP endpoint. */
  readonly port: number;
  readonly replicas: number;
  /** By which the policies of others let its pods call them. */
  readonly podLabels: Readonly<Record<string, string>>;
  readonly egress: readonly object[];
  /** Topology spread constraints without their selectors. */
  readonly spread: readonly object[];
  /** All else that the pod has. */
  readonly pod: object;
  /** All else that its container has. */
  readonly container: object;
}

export interface ChartValues {
  readonly servers: Readonly<Record<string, ServerValues>>;
}

/**
 * The servers of a stack as values of the chart: what their pods are made of is theirs, field by field.
 *
 * @param names of the servers.
 * @param sets all StatefulSets of the stack.
 * @param policies all NetworkPolicies of its namespace; a server's has the name of its set.
 * @throws naming every server that cannot be read.
 */
export function chartValues(
  names: readonly string[],
  sets: readonly LiveSet[],
  policies: readonly LivePolicy[],
): ChartValues {
  const problems: string[] = [];
  const servers: Record<string, ServerValues> = {};
  for (const name of names) {
    const own = sets.filter(({ metadata }) => metadata.labels?.[labelNames.component] === name);
    const policy = policies.find(({ metadata }) => metadata.name === own[0]?.metadata.name);
    const read = serverValues(own, policy);
    if ("problem" in read) problems.push(`  ${name}: ${read.problem}`);
    else servers[name] = read.values;
  }
  if (problems.length > 0) {
    throw new Error(
      `the chart cannot be made of ${problems.length} server(s):\n${problems.join("\n")}`,
    );
  }
  return { servers };
}

function serverValues(
  sets: readonly LiveSet[],
  policy: LivePolicy | undefined,
): { readonly values: ServerValues } | { readonly problem: string } {
  const [set, another] = sets;
  if (set === undefined) return { problem: "it has no StatefulSet; deploy the stack first" };
  if (another !== undefined) {
    const found = sets.map(({ metadata }) => metadata.name).join(", ");
    return { problem: `it has ${found}; wait until the release is done, one has to remain` };
  }
  if (policy === undefined) {
    return { problem: `there is no NetworkPolicy ${set.metadata.name}; deploy the stack again` };
  }
  const { metadata, spec } = set.spec.template;
  const { containers, topologySpreadConstraints = [], ...pod } = spec;
  const [first, second] = containers;
  if (first === undefined || second !== undefined) {
    return { problem: `its pod has ${containers.length} containers; the chart knows one` };
  }
  const { image, env = [], ...container } = first;
  const referring = env.filter(({ valueFrom }) => valueFrom !== undefined);
  if (referring.length > 0) {
    const entries = referring.map((entry) => entry.name).join(", ");
    return { problem: `${entries} of its environment are read from elsewhere; the chart has none` };
  }
  const values = Object.fromEntries(env.map((entry) => [entry.name, entry.value ?? ""]));
  const port = Number(values["PORT"]);
  if (!Number.isInteger(port)) {
    return { problem: `got PORT=${values["PORT"] ?? ""} in its environment; a number is needed` };
  }
  return {
    values: {
      ...{ image, env: values, port, replicas: set.spec.replicas ?? 1, pod, container },
      podLabels: Object.fromEntries(
        Object.entries(metadata?.labels ?? {}).filter(([label]) => label.startsWith(callsPrefix)),
      ),
      egress: policy.spec.egress ?? [],
      spread: topologySpreadConstraints.map(({ labelSelector: _, ...rest }) => rest),
    },
  };
}

/** Without the other labels: nothing of the stack may take these pods for its own. */
const callsPrefix = "mcp-fleet/calls-";

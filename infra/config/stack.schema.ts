import { z } from "zod";
import {
  kubernetesSchema,
  objectName,
  type KubernetesSettings,
} from "../../components/platform/kubernetes/kubernetes.schema.ts";
import { defaultNamespace } from "../../components/platform/kubernetes/names.ts";
import { imageReference } from "../../components/shared.schema.ts";
import { databasePasswordKey } from "./database-password.ts";
import { schemaFindings } from "./issues.ts";
import type { Problem } from "./problems.ts";
import { looksSecret, show } from "./redact.ts";
import { didYouMean } from "./suggest.ts";

/** Namespace of the project's settings in `Pulumi.<stack>.yaml`. */
const prefix = "mcp-fleet:";

/** Settings of a stack, without the tokens: those stay secrets and never pass through here. */
const stackSchema = z.strictObject({
  fleet: z
    .string({ error: "the path of a fleet file, as in fleets/writing.yaml" })
    .min(1, { error: "the path of a fleet file, as in fleets/writing.yaml" })
    .default("fleets/writing.yaml")
    .describe("Fleet file, relative to the project."),
  platform: z
    .enum(["docker", "kubernetes"], { error: "docker or kubernetes" })
    .default("docker")
    .describe("Where the fleet runs."),
  kubernetes: kubernetesSchema.prefault({}),
  set: z
    .record(z.string(), z.unknown(), {
      error: "a map of paths and values, as in gateway.port: 8081",
    })
    .default({})
    .describe("Settings of the fleet file that differ in this stack: path -> value."),
  baseImage: imageReference
    .optional()
    .describe("Base of the images that the stack builds; default: Debian 13."),
});

/** Key of the secret JSON `{client: {primary, backup}}`; absent: tokens are generated. */
export const tokensKey = "tokens";
/** Key of the secret JSON `{receiver: address, key or password}`. */
export const receiversKey = "receivers";

const secretKeys: readonly string[] = [tokensKey, receiversKey, databasePasswordKey];

export interface StackSettings {
  /** Path of the fleet file, relative to the project. */
  readonly fleet: string;
  readonly platform: "docker" | "kubernetes";
  /** What the cluster decides; defaults where the platform is another one. */
  readonly kubernetes: KubernetesSettings;
  /** Path in the fleet file -> value. */
  readonly set: Readonly<Record<string, unknown>>;
  readonly baseImage?: string;
  /** Whether the stack brings secrets of receivers; their values are read elsewhere. */
  readonly hasReceivers: boolean;
  /** Whether the stack brings the password of an external database. */
  readonly hasDatabasePassword: boolean;
}

export interface LoadedStack {
  readonly settings: StackSettings;
  /** Where a setting is wrong, its default stands in `settings`. */
  readonly problems: readonly Problem[];
}

export interface StackOptions {
  /**
   * Name of the stack.
   *
   * @default - names that are made of it are not judged
   */
  readonly stack?: string;
  /** Where a setting stands, for messages. */
  readonly sourceOf?: (key: string) => string;
  /** Whether a setting is kept encrypted. Default: every setting counts as that. */
  readonly isSecret?: (key: string) => boolean;
}

/**
 * Checks the settings of a stack. Keys may carry the project's namespace; those of other namespaces are left alone.
 * Maps may be given as JSON, as `pulumi.Config` does. The value of `tokens` is never looked at.
 */
export function loadStackConfig(
  raw: Readonly<Record<string, unknown>>,
  options: StackOptions = {},
): LoadedStack {
  const problems: Problem[] = [];
  const known = [...Object.keys(stackSchema.shape), ...secretKeys];
  const secrets = new Set<string>();
  const settings: Record<string, unknown> = {};
  for (const [full, value] of Object.entries(raw)) {
    const key = full.startsWith(prefix) ? full.slice(prefix.length) : full;
    const path = `${prefix}${looksSecret(key) ? "(name not shown)" : key}`;
    const place = options.sourceOf === undefined ? {} : { source: options.sourceOf(full) };
    if (key.includes(":")) {
      continue;
    }
    if (secretKeys.includes(key)) {
      secrets.add(key);
      if (options.isSecret?.(full) === false) {
        const what = { [tokensKey]: "tokens stand", [databasePasswordKey]: "password stands" }[key];
        const allowed = `the ${what ?? "secrets stand"} in plain text (not shown)`;
        const fix = `make new ones and store them with: pulumi config set --secret ${prefix}${key}`;
        problems.push({ path, allowed, fix, ...place });
      }
      continue;
    }
    if (!known.includes(key)) {
      problems.push({ path, allowed: "unknown setting", fix: didYouMean(key, known), ...place });
      continue;
    }
    const field = stackSchema.shape[key as keyof typeof stackSchema.shape];
    const plain = ["set", "kubernetes"].includes(key) ? fromJson(value) : value;
    const parsed = field.safeParse(plain);
    const inside = key === "kubernetes" ? schemaFindings(field, plain) : [];
    if (inside.length > 0) {
      problems.push(
        ...inside.map(({ at, atKey: _atKey, ...finding }) => ({
          ...finding,
          path: [path, ...at].join("."),
          ...place,
        })),
      );
    } else if (parsed.success) {
      settings[key] = parsed.data;
    } else {
      const allowed = parsed.error.issues[0]?.message ?? "another value";
      problems.push({ path, got: show(plain, [key]), allowed, ...place });
    }
  }
  const { fleet, platform, kubernetes, set, baseImage } = stackSchema.parse(settings);
  if (platform === "kubernetes" && kubernetes.namespace === undefined) {
    problems.push(...namespaceProblems(options.stack));
  }
  if (platform === "kubernetes") problems.push(...existingProblems(kubernetes, options.stack));
  const named = platform === "kubernetes" ? kubernetes.secrets : undefined;
  return {
    settings: {
      fleet,
      platform,
      kubernetes,
      set,
      hasReceivers: secrets.has(receiversKey) || Object.keys(named?.receivers ?? {}).length > 0,
      hasDatabasePassword:
        secrets.has(databasePasswordKey) || named?.databasePassword !== undefined,
      ...(baseImage === undefined ? {} : { baseImage }),
    },
    problems,
  };
}

/** Names of stacks may be longer than those of namespaces, and have other letters. */
function namespaceProblems(stack: string | undefined): Problem[] {
  if (stack === undefined) return [];
  const name = defaultNamespace(stack);
  const parsed = objectName.safeParse(name);
  if (parsed.success) return [];
  return [
    {
      path: `${prefix}kubernetes.namespace`,
      got: `the default, ${name}, ${name.length} characters`,
      allowed: parsed.error.issues[0]!.message,
      fix: "set it, or give the stack another name",
    },
  ];
}

/** In the stack's namespace there is nobody else's pod that anything could reach. */
function existingProblems(
  { namespace, monitoring: { existing } }: KubernetesSettings,
  stack: string | undefined,
): Problem[] {
  const own = namespace ?? (stack === undefined ? undefined : defaultNamespace(stack));
  if (existing === undefined || existing.prometheus.namespace !== own) return [];
  return [
    {
      path: `${prefix}kubernetes.monitoring.existing.prometheus.namespace`,
      got: own,
      allowed: "another namespace than the stack's own, which holds nothing but the stack",
      fix: "name the one that the existing Prometheus is in",
    },
  ];
}

function fromJson(value: unknown): unknown {
  if (typeof value !== "string") {
    return value;
  }
  try {
    return JSON.parse(value) as unknown;
  } catch {
    return value;
  }
}

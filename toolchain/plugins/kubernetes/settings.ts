import type { CheckFailure } from "../bridge/check.ts";
import { mapProperties, withoutSecrets, type Properties } from "../bridge/values.ts";
import type { CheckAnswer } from "../rpc/provider.ts";
import type { MutableData } from "./immutable-fields.ts";

/** Settings of a provider that the stand-in acts on. */
export interface Settings {
  /** Path or content; the machine's own configuration without it. */
  readonly kubeconfig?: string;
  readonly context?: string;
  /** Name of a cluster of the kubeconfig, in place of the context's. */
  readonly cluster?: string;
  readonly namespace?: string;
  /** Takes what cannot be reached for deleted. */
  readonly deleteUnreachable: boolean;
  /** Takes fields over that others manage. */
  readonly enablePatchForce: boolean;
  /** Creation of what is already there changes it, instead of failing. */
  readonly upsertExistingObjects: boolean;
  readonly mutable: MutableData;
}

/** Texts, then switches; switches can be set by the environment too, as in `PULUMI_K8S_DELETE_UNREACHABLE`. */
const TEXTS = ["kubeconfig", "context", "cluster", "namespace", "clusterIdentifier"] as const;
const SWITCHES = {
  deleteUnreachable: "DELETE_UNREACHABLE",
  enableConfigMapMutable: "ENABLE_CONFIGMAP_MUTABLE",
  enablePatchForce: "ENABLE_PATCH_FORCE",
  enableSecretMutable: "ENABLE_SECRET_MUTABLE",
  enableServerSideApply: "ENABLE_SERVER_SIDE_APPLY",
  suppressDeprecationWarnings: "SUPPRESS_DEPRECATION_WARNINGS",
  suppressHelmHookWarnings: "SUPPRESS_HELM_HOOK_WARNINGS",
  upsertExistingObjects: "UPSERT_EXISTING_OBJECTS",
} as const;

const SUPPORTED: readonly string[] = ["version", ...TEXTS, ...Object.keys(SWITCHES)];

/** Refuses settings that would be ignored. The settings themselves are passed on as they are. */
export function checkSettings(news: Properties): CheckAnswer {
  const failures: CheckFailure[] = Object.keys(news)
    .filter((property) => !SUPPORTED.includes(property))
    .map((property) => ({
      property,
      reason:
        `'${property}' of provider kubernetes is not supported by this stand-in ` +
        `(supported: ${[...SUPPORTED].sort().join(", ")})`,
    }));
  if (isOff(mapProperties(news, withoutSecrets).enableServerSideApply)) {
    failures.push({
      property: "enableServerSideApply",
      reason: "this stand-in has no client-side apply; leave 'enableServerSideApply' out",
    });
  }
  return { inputs: news, ...(failures.length > 0 && { failures }) };
}

/** @param env the process's, where the program left a switch open */
export function parseSettings(args: Properties, env: NodeJS.ProcessEnv): Settings {
  const plain = mapProperties(args, withoutSecrets);
  const isOn = (name: keyof typeof SWITCHES) => {
    const given = plain[name] ?? env[`PULUMI_K8S_${SWITCHES[name]}`];
    return given === true || given === "true";
  };
  const texts = TEXTS.filter((name) => typeof plain[name] === "string" && plain[name] !== "");
  return {
    ...Object.fromEntries(texts.map((name) => [name, plain[name]])),
    deleteUnreachable: isOn("deleteUnreachable"),
    enablePatchForce: isOn("enablePatchForce"),
    upsertExistingObjects: isOn("upsertExistingObjects"),
    mutable: {
      configMaps: isOn("enableConfigMapMutable"),
      secrets: isOn("enableSecretMutable"),
    },
  };
}

function isOff(value: unknown): boolean {
  return value === false || value === "false";
}

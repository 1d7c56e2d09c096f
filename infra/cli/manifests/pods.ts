import type { Manifest } from "./manifest.ts";

type Labels = Readonly<Record<string, string>>;

/** What is read of a pod to find out what it stands on. Whether it is of this shape, its schema has said. */
export interface PodTemplate {
  readonly metadata?: { readonly labels?: Labels };
  readonly spec?: {
    readonly serviceAccountName?: string;
    readonly imagePullSecrets?: readonly { readonly name?: string }[];
    readonly containers?: readonly Container[];
    readonly initContainers?: readonly Container[];
    readonly volumes?: readonly Volume[];
  };
}

export interface Container {
  readonly name: string;
  readonly resources?: {
    readonly requests?: Readonly<Record<string, unknown>>;
    readonly limits?: Readonly<Record<string, unknown>>;
  };
  readonly volumeMounts?: readonly { readonly name: string }[];
  readonly env?: readonly {
    readonly valueFrom?: {
      readonly secretKeyRef?: { readonly name?: string };
      readonly configMapKeyRef?: { readonly name?: string };
    };
  }[];
  readonly envFrom?: readonly {
    readonly secretRef?: { readonly name?: string };
    readonly configMapRef?: { readonly name?: string };
  }[];
}

interface Volume {
  readonly name: string;
  readonly secret?: { readonly secretName?: string };
  readonly configMap?: { readonly name?: string };
  readonly persistentVolumeClaim?: { readonly claimName?: string };
  readonly emptyDir?: { readonly sizeLimit?: unknown };
}

export interface Selecting {
  readonly matchLabels?: Labels;
}

/** Of a set or a job. */
export function templateOf({ spec }: Manifest): PodTemplate | undefined {
  return (spec as { readonly template?: PodTemplate } | undefined)?.template;
}

export function selects(labels: Labels, pod: PodTemplate): boolean {
  const own = pod.metadata?.labels ?? {};
  return Object.entries(labels).every(([key, value]) => own[key] === value);
}

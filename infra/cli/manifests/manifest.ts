/** An object of Kubernetes as a file of YAML has it. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly [field: string]: unknown;
}

/** Something for which a cluster would refuse an object, or not do what is meant. */
export interface Finding {
  /** Kind and name, as in `StatefulSet scene-1a2b3c4`. */
  readonly object: string;
  /** Within the object, as in `spec.template.spec.containers[0].image`. */
  readonly path: string;
  /** What was given, what is allowed, and what to do. */
  readonly problem: string;
}

/** What stands in manifests where a running stack has secrets. */
export const withheld = "withheld";

export function subjectOf({ kind, metadata }: Manifest): string {
  return `${kind} ${metadata.name}`;
}

/** One line. */
export function describeFinding({ object, path, problem }: Finding): string {
  return `${object}: ${path}: ${problem}`;
}

/** @param steps keys and indexes from the object to the value. */
export function pathOf(steps: readonly (string | number)[]): string {
  const text = steps.map((step) => {
    if (typeof step === "number" || /^\d+$/.test(step)) return `[${step}]`;
    return /^[A-Za-z0-9_-]+$/.test(step) ? `.${step}` : `[${JSON.stringify(step)}]`;
  });
  return text.join("").replace(/^\./, "");
}

/** A value for a message, on one line and not too long; nobody wants a whole pod there. */
export function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

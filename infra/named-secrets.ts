import type { StackSettings } from "./config/index.ts";
import { placeOf } from "./platforms/place.ts";
import { refusal } from "./refusal.ts";

/** Values of the Secrets that the stack's settings name. */
export interface NamedSecrets {
  readonly databasePassword?: string;
  /** By client of the gateway. */
  readonly tokens: Readonly<
    Record<string, { readonly primary?: string; readonly backup?: string }>
  >;
  /** By receiver of alerts. */
  readonly receivers: Readonly<Record<string, string>>;
}

/** Reads them, if there are any. Problems end the program without a stack trace. */
export async function namedSecrets(settings: StackSettings, stack: string): Promise<NamedSecrets> {
  const place = placeOf(settings, stack);
  const { databasePassword, tokens, receivers } = settings.kubernetes.secrets;
  const none =
    databasePassword === undefined && Object.keys({ ...tokens, ...receivers }).length === 0;
  if (place.platform !== "kubernetes" || none) return { tokens: {}, receivers: {} };
  const [{ KubernetesClient }, { readNamedSecrets }] = await Promise.all([
    import("../components/platform/kubernetes/client.ts"),
    import("./platforms/kubernetes/named-secrets.ts"),
  ]);
  try {
    const client = await KubernetesClient.open(place);
    try {
      await client.ping();
      const { secrets, problems } = await readNamedSecrets(client, settings.kubernetes.secrets);
      if (problems.length === 0) return secrets;
      throw new Error(
        `Secrets that the stack names have ${problems.length} problem(s):\n  ${problems.join("\n  ")}`,
      );
    } finally {
      client.close();
    }
  } catch (error) {
    throw refusal((error as Error).message);
  }
}

/** Label value for whatever a client made up: clients must not be able to create series. */
const OTHER = "other";

const METHODS = new Set([
  "initialize",
  "ping",
  "server/discover",
  "tools/list",
  "tools/call",
  "resources/list",
  "resources/templates/list",
  "resources/read",
  "resources/subscribe",
  "resources/unsubscribe",
  "prompts/list",
  "prompts/get",
  "completion/complete",
  "logging/setLevel",
  "subscriptions/listen",
]);

/** Protocol revisions that this server speaks: sessions, then the stateless one. */
export const LEGACY_VERSIONS = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"] as const;
export const MODERN_VERSIONS = ["2026-07-28"] as const;

/** Meant by a 2025 client that sends no version header. */
const UNSTATED_VERSION = "2025-03-26";

const VERSIONS = new Set<string>([...LEGACY_VERSIONS, ...MODERN_VERSIONS]);

export function methodLabel(method: unknown): string {
  return typeof method === "string" && METHODS.has(method) ? method : OTHER;
}

export function versionLabel(version: unknown): string {
  if (version === undefined || version === null) return UNSTATED_VERSION;
  return typeof version === "string" && VERSIONS.has(version) ? version : OTHER;
}

/** Name of a tool that exists, `other` for one that does not, nothing for other methods. */
export function toolLabel(
  method: unknown,
  params: unknown,
  known: { has(name: string): boolean },
): string | undefined {
  if (method !== "tools/call") return undefined;
  const name = isObject(params) ? params["name"] : undefined;
  return typeof name === "string" && known.has(name) ? name : OTHER;
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

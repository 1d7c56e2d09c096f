import type { Path } from "./problems.ts";

/** Names whose values are secrets. `_FILE` names a file, which is no secret. */
const secretName =
  /(PASSWORD|PASSWD|PASSPHRASE|TOKENS?|SECRETS?|CREDENTIALS?|APIKEY|API-KEY|DATABASE_URL|(^|[_-])KEY)$/i;

/** Prefixes by which well-known services mark their tokens. */
const marked =
  /(^|[^A-Za-z0-9])(ghp_|gho_|github_pat_|glpat-|sk-|xox[abp]-|AKIA|eyJ|npm_|dckr_pat_)[A-Za-z0-9_-]{12,}/;
const credentialsInUrl = /:\/\/[^/@\s]*:[^/@\s]*@/;

const uuid = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/i;

/** Longer values say no more to the reader. */
const longest = 60;

/** Whether a setting or variable of this name would hold a secret. */
export function isSecretName(name: string): boolean {
  return secretName.test(name);
}

/** Whether a text surely contains a secret: a token marked by its issuer, or a login inside a URL. */
export function holdsSecret(text: string): boolean {
  return marked.test(text) || credentialsInUrl.test(text);
}

/** Whether a text may be, or contain, a token or password. Image digests are not taken for one. */
export function looksSecret(text: string): boolean {
  if (holdsSecret(text) || uuid.test(text)) {
    return true;
  }
  const runs = text.replaceAll(/sha256:[0-9a-fA-F]+/g, "").match(/[A-Za-z0-9_+=]{20,}/g) ?? [];
  return runs.some((run) => (/[0-9]/.test(run) && /[A-Za-z]/.test(run)) || run.length >= 32);
}

/** How a given value is shown in a message: short, on one line, and never if it may be a secret. */
export function show(value: unknown, path: Path = []): string {
  if (value === undefined) {
    return "nothing";
  }
  if (value === null) {
    return "nothing (an empty value)";
  }
  if (Array.isArray(value)) {
    return value.length === 0 ? "an empty list" : `a list of ${value.length}`;
  }
  if (typeof value === "object") {
    return Object.keys(value).length === 0 ? "an empty map" : "a map";
  }
  // Values of environment variables are never shown: what is in them is the user's, and often a secret by mistake.
  const hidden = path.includes("env") || path.some((part) => isSecretName(String(part)));
  if (typeof value !== "string") {
    const shown = !hidden && (typeof value === "number" || typeof value === "boolean");
    return shown ? String(value) : `a ${typeof value} (not shown)`;
  }
  if (hidden || looksSecret(value)) {
    return `a text of ${value.length} characters (not shown, it may be a secret)`;
  }
  return JSON.stringify(value.length > longest ? `${value.slice(0, longest - 3)}...` : value);
}

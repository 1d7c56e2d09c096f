import { createDecipheriv, pbkdf2 } from "node:crypto";
import { readFileSync } from "node:fs";
import { promisify } from "node:util";
import type { StackExport } from "./deployment.ts";
import { secretSignature, signatureKey } from "./deployment-values.ts";

/**
 * Opens the secrets of a state that is encrypted with a passphrase. The CLI derives the key anew in each of its commands,
 * by a million rounds of PBKDF2: most of what an export with open secrets takes. Here it is derived once per process.
 *
 * @param env has the passphrase where the CLI looks for it: PULUMI_CONFIG_PASSPHRASE, else the file that
 *   PULUMI_CONFIG_PASSPHRASE_FILE names.
 * @returns undefined if another provider keeps the key, the passphrase is missing or wrong, or a value is not in the form
 *   that is known here: the CLI can open it, or say what is wrong.
 */
export async function openSecrets(
  state: StackExport,
  env: NodeJS.ProcessEnv,
): Promise<StackExport | undefined> {
  try {
    const key = await keyOf(state, env);
    return key && (opened(state, key) as StackExport);
  } catch {
    return undefined;
  }
}

/**
 * Begins to derive the key of a stack, which takes about a second of one core, while its state is yet to be read.
 *
 * @param salt `encryptionsalt` of the stack's settings.
 */
export function deriveEarly(salt: string, env: NodeJS.ProcessEnv): void {
  const [, bytes] = providerState.exec(salt) ?? [];
  const passphrase = passphraseOf(env);
  // Whoever needs it says what is wrong.
  if (bytes && passphrase !== undefined) void derived(passphrase, bytes).catch(() => undefined);
}

/** As Pulumi's passphrase provider writes it: version, salt, and a known word in the form of a secret. */
const providerState = /^v1:([^:]+):(v1:.+)$/;
const knownWord = "pulumi";
const rounds = 1_000_000;
const keyBytes = 32;

interface PassphraseProvider {
  readonly type?: string;
  readonly state?: { readonly salt?: string };
}

async function keyOf(
  { deployment }: StackExport,
  env: NodeJS.ProcessEnv,
): Promise<Buffer | undefined> {
  const { type, state } = (deployment?.secrets_providers ?? {}) as PassphraseProvider;
  const [, salt, word] = providerState.exec(state?.salt ?? "") ?? [];
  const passphrase = passphraseOf(env);
  if (type !== "passphrase" || !salt || !word || passphrase === undefined) return undefined;
  const key = await derived(passphrase, salt);
  return decrypted(word, key) === knownWord ? key : undefined;
}

function passphraseOf(env: NodeJS.ProcessEnv): string | undefined {
  const text = env["PULUMI_CONFIG_PASSPHRASE"];
  const file = env["PULUMI_CONFIG_PASSPHRASE_FILE"];
  if (text !== undefined || !file) return text;
  try {
    return readFileSync(file, "utf8").trim();
  } catch {
    return undefined;
  }
}

const keys = new Map<string, Promise<Buffer>>();

function derived(passphrase: string, salt: string): Promise<Buffer> {
  const name = JSON.stringify([passphrase, salt]);
  const known = keys.get(name);
  if (known) return known;
  const bytes = Buffer.from(salt, "base64");
  const key = promisify(pbkdf2)(passphrase, bytes, rounds, keyBytes, "sha256");
  keys.set(name, key);
  return key;
}

/** AES-256-GCM: `v1`, nonce, and content with its tag behind it. @throws if it is anything else */
function decrypted(text: string, key: Buffer): string {
  const [version, nonce, content, ...more] = text.split(":");
  if (version !== "v1" || !nonce || content === undefined || more.length > 0) {
    throw new Error("not an encrypted value");
  }
  const bytes = Buffer.from(content, "base64");
  const tag = bytes.subarray(-16);
  const decipher = createDecipheriv("aes-256-gcm", key, Buffer.from(nonce, "base64"));
  decipher.setAuthTag(tag);
  return decipher.update(bytes.subarray(0, -16), undefined, "utf8") + decipher.final("utf8");
}

function opened(value: unknown, key: Buffer): unknown {
  if (Array.isArray(value)) return value.map((item) => opened(item, key));
  if (typeof value !== "object" || value === null) return value;
  const { [signatureKey]: signature, ciphertext } = value as Record<string, unknown>;
  if (signature === secretSignature && typeof ciphertext === "string") {
    return { [signatureKey]: secretSignature, plaintext: decrypted(ciphertext, key) };
  }
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [name, opened(inner, key)]),
  );
}

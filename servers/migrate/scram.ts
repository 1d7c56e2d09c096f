import { createHash, createHmac, pbkdf2Sync, timingSafeEqual } from "node:crypto";

/** PostgreSQL's own default. */
const ITERATIONS = 4096;
const SALT_BYTES = 16;
const KEY_BYTES = 32;

const VERIFIER = /^SCRAM-SHA-256\$(\d+):([A-Za-z0-9+/=]+)\$([A-Za-z0-9+/=]+):([A-Za-z0-9+/=]+)$/;

/**
 * The SCRAM-SHA-256 verifier (RFC 7677) as PostgreSQL stores it. Computed here, the password itself
 * never appears in a statement, and so in no log of the database.
 */
export function scramVerifier(
  password: string,
  salt: Buffer,
  iterations: number = ITERATIONS,
): string {
  const salted = pbkdf2Sync(normalize(password), salt, iterations, KEY_BYTES, "sha256");
  const storedKey = createHash("sha256").update(hmac(salted, "Client Key")).digest();
  const serverKey = hmac(salted, "Server Key");
  return `SCRAM-SHA-256$${iterations}:${salt.toString("base64")}$${storedKey.toString("base64")}:${serverKey.toString("base64")}`;
}

/**
 * The salt of a role's verifier, made from role and password instead of at random: setting the same
 * password again must store the same bytes, because a pooler that passes SCRAM through has cached
 * them, and a new salt would fail every login until it looks again. It is as unpredictable as the
 * password, which is generated.
 */
export function stableSalt(role: string, password: string): Buffer {
  return hmac(Buffer.from(password), `salt of ${role}`).subarray(0, SALT_BYTES);
}

/** Whether a stored verifier belongs to this password. False for anything that is no such verifier. */
export function scramMatches(stored: string, password: string): boolean {
  const [, iterations, salt] = VERIFIER.exec(stored) ?? [];
  if (iterations === undefined || salt === undefined) return false;
  const expected = Buffer.from(
    scramVerifier(password, Buffer.from(salt, "base64"), Number(iterations)),
  );
  const actual = Buffer.from(stored);
  return expected.length === actual.length && timingSafeEqual(expected, actual);
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}

/** SASLprep of text that is ASCII or already composed, which NFKC leaves as a client would send it. */
function normalize(password: string): string {
  return password.normalize("NFKC");
}

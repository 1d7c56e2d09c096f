import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";

/** A key service, as far as a stack with `hashivault://` as its secrets provider asks one: Vault's transit engine. */
export interface KeyServer {
  /** For `--secrets-provider`. */
  readonly provider: string;
  /** Environment of the CLI. */
  readonly env: Record<string, string>;
  close(): void;
}

/**
 * The CLI derives the key of a passphrase anew in each of its commands, about a second of one core: two thirds of what a
 * short command takes. A key service is asked in a millisecond, and is what bigger teams keep their stacks' keys in.
 */
export async function openKeyServer(): Promise<KeyServer> {
  const key = randomBytes(32);
  const server = createServer((request, response) => {
    void json(request).then((asked) => {
      const { plaintext, ciphertext } = asked as Record<string, string>;
      const data = request.url?.includes("/encrypt/")
        ? { ciphertext: `vault:v1:${sealed(key, plaintext!)}` }
        : { plaintext: opened(key, ciphertext!.replace("vault:v1:", "")) };
      response.setHeader("content-type", "application/json").end(JSON.stringify({ data }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    provider: "hashivault://release-test",
    env: { VAULT_SERVER_URL: `http://127.0.0.1:${port}`, VAULT_SERVER_TOKEN: "any" },
    close: () => server.close(),
  };
}

function sealed(key: Buffer, text: string): string {
  const nonce = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", key, nonce);
  const body = Buffer.concat([cipher.update(text), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), body]).toString("base64");
}

/** @throws if this key did not seal it */
function opened(key: Buffer, text: string): string {
  const bytes = Buffer.from(text, "base64");
  const decipher = createDecipheriv("aes-256-gcm", key, bytes.subarray(0, 12));
  decipher.setAuthTag(bytes.subarray(12, 28));
  return Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]).toString();
}

import { createHash } from "node:crypto";
import * as pulumi from "@pulumi/pulumi";
import { generatedPassword } from "../secrets.ts";
import type { TokenHash } from "./gateway-routes.ts";

/** Bearer tokens of one client: the second one works just like the first, so that either can be replaced in peace. */
export interface TokenPair<T = string> {
  readonly primary: T;
  readonly backup: T;
}

/** Tokens that the user brings; at least 32 characters, which whoever reads the configuration has checked. */
export type GivenTokens = Readonly<Record<string, Partial<TokenPair<pulumi.Input<string>>>>>;

export interface ClientTokens {
  /** Client name -> tokens; secret. */
  readonly secrets: pulumi.Output<Record<string, TokenPair>>;
  /** What the gateway gets to see; secret too, because it is derived. */
  readonly hashes: pulumi.Output<TokenHash[]>;
}

/** Two tokens for each client: given, else generated once and then kept. */
export function clientTokens(
  name: string,
  args: { readonly clients: readonly string[]; readonly given?: GivenTokens },
  opts: { readonly parent: pulumi.Resource },
): ClientTokens {
  const token = (client: string, slot: keyof TokenPair): pulumi.Output<string> => {
    const given = args.given?.[client]?.[slot];
    return given === undefined
      ? generatedPassword(`${name}-token-${client}-${slot}`, { parent: opts.parent })
      : pulumi.secret(given);
  };
  const pairs: Record<string, TokenPair<pulumi.Output<string>>> = Object.fromEntries(
    args.clients.map((client) => [
      client,
      { primary: token(client, "primary"), backup: token(client, "backup") },
    ]),
  );
  const secrets = pulumi.secret(pairs) as pulumi.Output<Record<string, TokenPair>>;
  return { secrets, hashes: secrets.apply(tokenHashes) };
}

/** One entry for each token, primary and backup alike. */
function tokenHashes(tokens: Readonly<Record<string, TokenPair>>): TokenHash[] {
  return Object.entries(tokens).flatMap(([client, { primary, backup }]) =>
    [primary, backup].map((token) => ({ client, sha256: sha256(token) })),
  );
}

function sha256(text: string): string {
  return createHash("sha256").update(text, "utf8").digest("hex");
}

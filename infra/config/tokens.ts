import { z } from "zod";
import type { Problem } from "./problems.ts";
import { looksSecret } from "./redact.ts";
import { didYouMean } from "./suggest.ts";

/** 32 random bytes as hex are 64 characters; the guide asks for at least half of that (section 2.1). */
const minLength = 32;
const maxLength = 512;

/** Values that stand in example files. */
const samples =
  /change.?me|replace.?me|example|placeholder|your.?(token|secret)|insert.?here|dummy/i;

/**
 * Why a bearer token cannot be used; undefined if it can. The answer never contains the token.
 * Commas, quotes and white space are refused because tokens travel through header lines and map files.
 */
export function checkToken(token: string): string | undefined {
  if (token.length < minLength) {
    return `${token.length} characters; at least ${minLength} are needed, make one with: openssl rand -hex 32`;
  }
  if (token.length > maxLength) {
    return `${token.length} characters; at most ${maxLength} fit into a request header`;
  }
  if (!/^[\x21-\x7e]+$/.test(token) || /[,"'`\\]/.test(token)) {
    return "only printable ASCII characters without spaces, commas, quotes and backslashes are allowed";
  }
  if (samples.test(token)) {
    return "this is a sample value; make a token with: openssl rand -hex 32";
  }
  return new Set(token).size < 8
    ? "fewer than 8 different characters can be guessed; make a token with: openssl rand -hex 32"
    : undefined;
}

const tokensSchema = z.record(
  z.string(),
  z.strictObject({ primary: z.string(), backup: z.string() }),
);

/**
 * Problems of the secret stack setting `mcp-fleet:tokens`: `{"<client>": {"primary": "...", "backup": "..."}}`.
 * No token appears in them.
 *
 * @param json the setting's text
 * @param clients names of `gateway.clients`
 * @param seen as in `pairProblems`
 */
export function checkTokens(
  json: string,
  clients: readonly string[],
  seen?: Map<string, string>,
): readonly Problem[] {
  const path = "mcp-fleet:tokens";
  const parsed = tokensSchema.safeParse(parseJson(json));
  if (!parsed.success) {
    const allowed = 'JSON of the form {"<client>": {"primary": "...", "backup": "..."}}';
    return [{ path, allowed }];
  }
  return pairProblems(path, parsed.data, clients, seen);
}

/** Tokens by client; one of a pair may be left to be generated. */
export type TokenPairs = Readonly<
  Record<string, { readonly primary?: string; readonly backup?: string }>
>;

/**
 * Problems of tokens, none of which appears in them.
 *
 * @param path setting that they come from
 * @param seen tokens of other settings, and where each stands; these are added to it
 */
export function pairProblems(
  path: string,
  pairs: TokenPairs,
  clients: readonly string[],
  seen = new Map<string, string>(),
): readonly Problem[] {
  const problems: Problem[] = [];
  for (const [client, pair] of Object.entries(pairs)) {
    const owner = `${path}.${looksSecret(client) ? "(name not shown)" : client}`;
    if (!clients.includes(client)) {
      problems.push({
        path: owner,
        allowed: "no such client in gateway.clients",
        fix: didYouMean(client, clients),
      });
    }
    for (const kind of ["primary", "backup"] as const) {
      const token = pair[kind];
      if (token === undefined) continue;
      const place = `${owner}.${kind}`;
      const why = checkToken(token);
      const first = seen.get(token);
      if (why !== undefined) {
        problems.push({ path: place, got: "a value that is not shown", allowed: why });
      } else if (first !== undefined) {
        problems.push({
          path: place,
          allowed: `the same token as ${first}; every token must differ`,
        });
      }
      seen.set(token, place);
    }
  }
  return problems;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

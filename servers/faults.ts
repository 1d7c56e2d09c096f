/** What `FAULT` can make a server do wrong, for drills of the release transaction. */
export type Fault =
  | { readonly kind: "none" }
  /** The process exits with code 1 shortly after it started to listen. */
  | { readonly kind: "exit" }
  /** `/ready` and `/health` answer 503 for ever. */
  | { readonly kind: "unready" }
  /** The MCP route answers 500, so no handshake succeeds, while health stays green. */
  | { readonly kind: "no-mcp" }
  /** Every `tools/call` waits this long before it runs. Milliseconds. */
  | { readonly kind: "slow"; readonly delayMs: number }
  /** This share of `tools/call` (0-1), evenly spread, answers an error instead of running. */
  | { readonly kind: "fail"; readonly ratio: number };

/** Longest accepted `slow:<ms>`: ten minutes, longer than any drill waits. */
const MAX_DELAY_MS = 600_000;

/** The accepted spellings, for error messages. */
export const FAULT_SYNTAX =
  "exit, unready, no-mcp, slow:<ms> (0-600000) or fail:<ratio> (0-1); unset it for normal work";

/** Parses `FAULT`; undefined for anything that is not spelled exactly. Empty means no fault. */
export function parseFault(text: string): Fault | undefined {
  switch (text) {
    case "":
      return { kind: "none" };
    case "exit":
    case "unready":
    case "no-mcp":
      return { kind: text };
  }
  const slow = /^slow:(\d{1,6})$/.exec(text);
  if (slow) {
    const delayMs = Number(slow[1]);
    return delayMs <= MAX_DELAY_MS ? { kind: "slow", delayMs } : undefined;
  }
  const fail = /^fail:([01](?:\.\d{1,6})?|\.\d{1,6})$/.exec(text);
  if (fail) {
    const ratio = Number(fail[1]);
    return ratio <= 1 ? { kind: "fail", ratio } : undefined;
  }
  return undefined;
}

/**
 * Tells of each call, in order, whether `fail:<ratio>` hits it. Evenly spread instead of at random: at 0.2 every fifth
 * call fails, so a drill sees the same thing each time.
 */
export function failingCalls(ratio: number): () => boolean {
  let calls = 0;
  // Multiples of a decimal fraction end a hair below the whole number that they mean.
  const failedOf = (count: number) => Math.floor(count * ratio + 1e-9);
  return () => failedOf(++calls) > failedOf(calls - 1);
}

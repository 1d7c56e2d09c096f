/**
 * - `pass`: asked, and the answer is right.
 * - `fail`: asked, and the answer is wrong, or there was none.
 * - `error`: could not be asked, for a reason that lies with whoever asks: no engine, no secret, no script.
 * - `inconclusive`: asked, and the answer says neither: no samples yet, too few calls.
 */
export type Verdict = "pass" | "fail" | "error" | "inconclusive";

/** What one attempt of a probe brought. */
export interface Answer {
  readonly verdict: Verdict;
  /** For a tired person: what was asked and what came back; no secrets. */
  readonly detail: string;
  /** It will not get better by waiting. */
  readonly terminal?: boolean;
  /** How long the attempt took. */
  readonly ms: number;
}

/** An answer before its time was taken. */
export type Finding = Omit<Answer, "ms">;

export const pass = (detail: string): Finding => ({ verdict: "pass", detail });
export const fail = (detail: string): Finding => ({ verdict: "fail", detail });
export const inconclusive = (detail: string): Finding => ({ verdict: "inconclusive", detail });
export const unaskable = (detail: string): Finding => ({ verdict: "error", detail });
export const terminal = (detail: string): Finding => ({ verdict: "fail", detail, terminal: true });

/** One line of at most `length` characters; control characters do not reach the reader's terminal. */
export function excerpt(text: string, length = 200): string {
  const line = text
    .replace(/[\u0000-\u001f\u007f-\u009f]+/g, " ")
    .replace(/ +/g, " ")
    .trim();
  return line.length > length ? `${line.slice(0, length - 3)}...` : line;
}

/**
 * The SDK takes the stack trace of an empty `new Error()` for each of some thousand promises, and maps every one back
 * to the sources: 3 of the 10 s that a preview of ten servers took. Nobody sees those traces unless promises leak, so
 * they stay unformatted; errors that say something keep theirs.
 *
 * In those, the SDK's source maps name files as `node_modules/@pulumi/config.ts`, without a package below the scope. The
 * SDK prints every error with `util.inspect` in colour, and a Node without the fix of nodejs/node#64011 (2026-06) looks
 * for the end of the package's name until memory is full: half a minute of silence before the message.
 */
const inherited = Error.prepareStackTrace?.bind(Error);

Error.prepareStackTrace = (error: Error, frames: NodeJS.CallSite[]): unknown => {
  if (error.message === "") return String(error);
  if (inherited) return withPackage(inherited(error, frames));
  return [
    String(error),
    ...frames.map((frame: { toString(): string }) => `    at ${frame.toString()}`),
  ].join("\n");
};

/** Paths below a scope alone get another segment, one that changes nothing. */
export function withPackage(stack: unknown): unknown {
  if (typeof stack !== "string") return stack;
  return stack.replaceAll(/(\/node_modules\/@[^/\s]+)\/(?=[^/\s]+:\d+:\d+)/g, "$1/./");
}

/**
 * The SDK takes the stack trace of an empty `new Error()` for each of some thousand promises, and maps every one back
 * to the sources: 3 of the 10 s that a preview of ten servers took. Nobody sees those traces unless promises leak, so
 * they stay unformatted; errors that say something keep theirs.
 */
const inherited = Error.prepareStackTrace?.bind(Error);

Error.prepareStackTrace = (error: Error, frames: NodeJS.CallSite[]): unknown => {
  if (error.message === "") return String(error);
  if (inherited) return inherited(error, frames) as unknown;
  return [
    String(error),
    ...frames.map((frame: { toString(): string }) => `    at ${frame.toString()}`),
  ].join("\n");
};

export {};

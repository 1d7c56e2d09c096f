/**
 * The SDK takes the stack trace of an empty `new Error()` for each of some thousand promises, and maps every one back
 * to the sources: 3 of the 10 s that a preview of ten servers took. Nobody sees those traces unless promises leak, so
 * they stay unformatted; errors that say something keep theirs.
 */
const inherited = { format: Error.prepareStackTrace };

Error.prepareStackTrace = (error: Error, frames: NodeJS.CallSite[]): unknown => {
  if (error.message === "") return String(error);
  if (inherited.format) return inherited.format(error, frames) as unknown;
  return [String(error), ...frames.map((frame) => `    at ${frame.toString()}`)].join("\n");
};

export {};

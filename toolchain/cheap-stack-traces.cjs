"use strict";
/**
 * The SDK takes the stack trace of an empty `new Error()` for each of some thousand promises, and maps every one back
 * to the sources: 3 of the 10 s that a preview of ten servers took. Nobody sees those traces unless promises leak, so
 * they stay unformatted; errors that say something keep theirs.
 *
 * In those, the SDK's source maps name files as `node_modules/@pulumi/config.ts`, without a package below the scope. The
 * SDK prints every error with `util.inspect` in colour, and a Node without the fix of nodejs/node#64011 (2026-06) looks
 * for the end of the package's name until memory is full: half a minute of silence before the message.
 *
 * Loaded with `node --require`, before the SDK.
 */
const { createRequire } = require("node:module");

// What the SDK would put in place of this one when it starts a program.
if (/@pulumi[/\\]pulumi[/\\]cmd[/\\]run([/\\]index\.js)?$/.test(process.argv[1] ?? "")) {
  createRequire(require.resolve("@pulumi/pulumi/package.json"))("source-map-support/register");
}
const inherited = Error.prepareStackTrace?.bind(Error);

Error.prepareStackTrace = (error, frames) => {
  if (error.message === "") return String(error);
  if (inherited) return withPackage(inherited(error, frames));
  return [String(error), ...frames.map((frame) => `    at ${frame.toString()}`)].join("\n");
};

module.exports = { withPackage };

/**
 * Paths below a scope alone get another segment, one that changes nothing.
 *
 * @param {unknown} stack
 */
function withPackage(stack) {
  if (typeof stack !== "string") return stack;
  return stack.replaceAll(/(\/node_modules\/@[^/\s]+)\/(?=[^/\s]+:\d+:\d+)/g, "$1/./");
}

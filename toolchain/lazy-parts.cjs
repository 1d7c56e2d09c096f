"use strict";
/**
 * Puts off parts of packages until something of them is called, half of what loading the packages takes:
 *
 * - of the Pulumi SDK the TypeScript compiler and a debugger session, which only the serialisation of functions needs;
 *   npm's dependency tree, for functions that are sent to a cloud; and the exporters of `pulumi --tracing`
 * - of dockerode what builds with BuildKit
 *
 * A session that is opened late does not know the files of scripts that were loaded before. No function of this program is
 * serialised. Loaded with `node --require`, before the packages.
 */
const Module = require("node:module");
const { isMainThread } = require("node:worker_threads");

/** What the SDK calls of the spans of a program that is not traced. */
const untraced = { setAttribute: ignore, addEvent: ignore, end: ignore };

if (isMainThread) {
  putOff("@pulumi/pulumi/typescript-shim.js", (load) => new Proxy({}, forwarding(load)));
  putOff("@pulumi/pulumi/runtime/closure/codePaths.js", (load) => ({
    computeCodePaths: (...args) => load().computeCodePaths(...args),
    findWorkspaceRoot: (...args) => load().findWorkspaceRoot(...args),
  }));
  putOff("@pulumi/pulumi/runtime/closure/v8Hooks.js", (load) => ({
    // The SDK waits for it before every program.
    isInitializedAsync: () => Promise.resolve(),
    getSessionAsync: () => load().getSessionAsync(),
    getScriptUrl: (id) => load().getScriptUrl(id),
  }));
  putOff("@pulumi/pulumi/cmd/run/tracing.js", (load) => {
    let started = false;
    return {
      start: (url) => {
        started = true;
        load().start(url);
      },
      stop: () => load().stop(),
      newSpan: (name) => (started ? load().newSpan(name) : untraced),
    };
  });
  putOff(
    "dockerode/lib/session.js",
    (load) =>
      (...args) =>
        load()(...args),
  );
}

function ignore() {
  // Nobody looks at it.
}

/** Registers a stand-in for a module, which may load the module itself. */
function putOff(name, standInFor) {
  let filename;
  try {
    filename = require.resolve(name);
  } catch {
    // Not installed: whoever needs it says so better.
    return;
  }
  let real;
  const load = () => {
    if (real === undefined) {
      const own = new Module(filename, module);
      own.filename = filename;
      own.paths = Module._nodeModulePaths(filename);
      own.load(filename);
      real = own.exports;
    }
    return real;
  };
  const standIn = new Module(filename, module);
  standIn.filename = filename;
  standIn.exports = standInFor(load);
  standIn.loaded = true;
  require.cache[filename] = standIn;
}

function forwarding(load) {
  return {
    get: (_target, key) => load()[key],
    has: (_target, key) => key in load(),
  };
}

"use strict";
/**
 * Puts off two parts of the Pulumi SDK until something of them is called: the TypeScript compiler, which only the
 * serialisation of closures needs, and npm's dependency tree, which only functions sent to a cloud need. Loading them
 * is half of loading the SDK. Loaded with `node --require`, before the SDK.
 */
const Module = require("node:module");
const { isMainThread } = require("node:worker_threads");

if (isMainThread) {
  putOff("@pulumi/pulumi/typescript-shim.js", (load) => new Proxy({}, forwarding(load)));
  putOff("@pulumi/pulumi/runtime/closure/codePaths.js", (load) => ({
    computeCodePaths: (...args) => load().computeCodePaths(...args),
    findWorkspaceRoot: (...args) => load().findWorkspaceRoot(...args),
  }));
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

"use strict";
/**
 * Keeps the compiled code of CommonJS modules from one process to the next, in `.toolchain/compile-cache/`: half of
 * the time in which the program and the plugins start is V8 compiling the same packages again.
 *
 * Loaded with `node --require`. From Node.js 22.8 on it turns on what Node.js brings itself. Before, it compiles
 * modules by `vm.Script`, with the code that an earlier process left. Code is found by the name and the content of the
 * module, checked against damage, and refused by V8 if it is another version's: then the module is compiled as usual.
 */
const { createHash } = require("node:crypto");
const fs = require("node:fs");
const Module = require("node:module");
const path = require("node:path");
const vm = require("node:vm");
const { isMainThread } = require("node:worker_threads");
const keepFile = require("./keep-file.cjs");

const directory = path.join(__dirname, "..", ".toolchain", "compile-cache");
const magic = "mcp-fleet-compile-cache-1";

if (typeof Module.enableCompileCache === "function") Module.enableCompileCache(directory);
else if (isMainThread) keepCode();

function keepCode() {
  // Each kind of process has its own file, which it reads at once.
  const program = process.argv[1] ?? "";
  const file = path.join(
    directory,
    `${path.basename(program)}-${digest(program, process.version, process.arch)}`,
  );
  /** @type {Map<string, { key: string, code: Buffer }>} name of a module -> its code */
  const kept = readCode(file);
  /** @type {Map<string, { key: string, script: vm.Script }>} */
  const fresh = new Map();
  const original = Module.prototype._compile;

  Module.prototype._compile = function (content, filename) {
    if (!isPlain(filename, content)) return original.call(this, content, filename);
    const key = digest(filename, content);
    const known = kept.get(filename);
    const cachedData = known?.key === key ? known.code : undefined;
    const script = new vm.Script(Module.wrap(content), {
      filename,
      ...(cachedData === undefined ? {} : { cachedData }),
    });
    if (cachedData === undefined || script.cachedDataRejected) fresh.set(filename, { key, script });
    const run = script.runInThisContext();
    return run.call(
      this.exports,
      this.exports,
      requireOf(this),
      this,
      filename,
      path.dirname(filename),
    );
  };

  process.on("exit", () => {
    if (fresh.size === 0) return;
    // At the end: functions that were compiled on their first call are then part of it.
    for (const [name, { key, script }] of fresh) {
      kept.set(name, { key, code: script.createCachedData() });
    }
    writeCode(file, kept);
  });
}

/**
 * Whether a module may be compiled by `vm.Script`: there `import()` does not work, not even inside `eval`. The compiler
 * of TypeScript only has the word in its strings.
 */
function isPlain(filename, content) {
  if (!path.isAbsolute(filename) || content.startsWith("#!")) return false;
  return !content.includes("import(") || filename.endsWith("/typescript/lib/typescript.js");
}

/** `require` of a module, as Node.js makes it. */
function requireOf(module) {
  const require = (id) => module.require(id);
  const resolve = (request, options) => Module._resolveFilename(request, module, false, options);
  resolve.paths = (request) => Module._resolveLookupPaths(request, module);
  return Object.assign(require, {
    resolve,
    main: process.mainModule,
    extensions: Module._extensions,
    cache: Module._cache,
  });
}

function digest(...parts) {
  const hash = createHash("sha1");
  for (const part of parts) hash.update(part).update("\0");
  return hash.digest("hex");
}

/** The file: one line of JSON (magic, checksum, [name, key, length] of each module), then their code in that order. */
function readCode(file) {
  const kept = new Map();
  try {
    const whole = fs.readFileSync(file);
    const end = whole.indexOf("\n");
    const header = JSON.parse(whole.subarray(0, end).toString("utf8"));
    const body = whole.subarray(end + 1);
    if (header.magic !== magic || header.checksum !== digest(body)) return kept;
    let offset = 0;
    for (const [name, key, length] of header.modules) {
      kept.set(name, { key, code: body.subarray(offset, offset + length) });
      offset += length;
    }
  } catch {
    // There is none yet, or it cannot be read: everything is compiled, and it is written anew.
  }
  return kept;
}

function writeCode(file, kept) {
  const entries = [...kept];
  const body = Buffer.concat(entries.map(([, { code }]) => code));
  const modules = entries.map(([name, { key, code }]) => [name, key, code.length]);
  const header = JSON.stringify({ magic, checksum: digest(body), modules });
  keepFile(file, Buffer.concat([Buffer.from(`${header}\n`), body]));
}

"use strict";
/**
 * Loads a TypeScript entry of this project from one file that is made of all its sources. Loading some 230 of them one
 * by one was half of the time between the start of the program and its first resource (`bench/start.ts`: 3.6 s, with
 * this 1.9 s). Packages stay outside: the program and the SDK share them.
 *
 * `node toolchain/bundled.cjs infra/cli/main.ts ARGUMENTS` runs an entry; `load(entry)` gives its exports.
 */
const { createHash } = require("node:crypto");
const fs = require("node:fs");
const Module = require("node:module");
const path = require("node:path");
const { pathToFileURL } = require("node:url");
const keepFile = require("./keep-file.cjs");

const root = path.join(__dirname, "..");
/** Begins the last line of a bundle: what it was made of, and by which text of this file. */
const mark = "\n//# made of ";

module.exports = { load };
if (require.main === module) {
  const [node, , entry, ...args] = process.argv;
  process.argv = [node, path.join(root, entry), ...args];
  // A rejection is shown and ends the process, as that of any entry does.
  void load(entry);
}

/**
 * @param {string} entry path of a source, relative to the project
 * @returns {Promise<Record<string, unknown>>} what it exports
 */
async function load(entry) {
  const name = entry.replace(/\.ts$/, ".cjs").replaceAll("/", "-");
  const file = path.join(root, ".toolchain", "bundles", name);
  const code = upToDate(file) ?? (await bundle(entry, file));
  const own = new Module(file, module);
  own.filename = file;
  own.paths = Module._nodeModulePaths(path.dirname(file));
  own._compile(code, file);
  return own.exports;
}

/** The bundle of an earlier process, unless one of its sources has changed since. */
function upToDate(file) {
  try {
    const code = fs.readFileSync(file, "utf8");
    const { maker, sources } = JSON.parse(code.slice(code.lastIndexOf(mark) + mark.length));
    if (maker !== digest(makerText())) return undefined;
    const same = ([source, known]) => digest(fs.readFileSync(path.join(root, source))) === known;
    return Object.entries(sources).every(same) ? code : undefined;
  } catch {
    // There is none yet, it is damaged, or a source has gone: it is made anew.
    return undefined;
  }
}

async function bundle(entry, file) {
  // Loaded only here: it costs time on every start.
  const esbuild = require("esbuild");
  /** @type {Record<string, string>} path of a source -> digest of what was bundled */
  const sources = {};
  const { outputFiles } = await esbuild.build({
    absWorkingDir: root,
    entryPoints: [entry],
    outfile: file,
    write: false,
    bundle: true,
    platform: "node",
    target: `node${process.versions.node}`,
    format: "cjs",
    packages: "external",
    sourcemap: "linked",
    // In one file, a module does not know where its source lies.
    define: { "import.meta.url": "sourceUrl" },
    logLevel: "silent",
    plugins: [
      {
        name: "sources",
        setup: ({ onLoad }) => {
          onLoad({ filter: /\.ts$/ }, ({ path: source }) => {
            const text = fs.readFileSync(source, "utf8");
            sources[path.relative(root, source)] = digest(text);
            const url = JSON.stringify(pathToFileURL(source).href);
            const asks = text.includes("import.meta.url");
            return { loader: "ts", contents: asks ? `const sourceUrl = ${url}; ${text}` : text };
          });
        },
      },
    ],
  });
  const [map, { text }] = outputFiles;
  const madeOf = { maker: digest(makerText()), sources };
  const code = `${text.trimEnd()}${mark}${JSON.stringify(madeOf)}\n`;
  keepFile(`${file}.map`, map.contents);
  keepFile(file, code);
  return code;
}

/** Another text of this file, place of the project or Node.js makes another bundle of the same sources. */
function makerText() {
  return `${root}\0${process.version}\0${fs.readFileSync(__filename, "utf8")}`;
}

function digest(content) {
  return createHash("sha1").update(content).digest("hex");
}

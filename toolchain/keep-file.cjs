"use strict";
const fs = require("node:fs");
const path = require("node:path");

/**
 * Writes what only saves time. Another process may write the same file: each puts a whole one in place. One that cannot
 * be written is no error.
 */
module.exports = function keepFile(file, content) {
  const half = `${file}.${process.pid}`;
  try {
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(half, content);
    fs.renameSync(half, file);
  } catch {
    remove(half);
  }
};

function remove(file) {
  try {
    fs.rmSync(file, { force: true });
  } catch {
    // Not even its folder is one.
  }
}

"use strict";
// What `node --require` loads into processes that are started for every command: see the three files.
require("./compile-cache.cjs");
require("./lazy-parts.cjs");
require("./cheap-stack-traces.cjs");

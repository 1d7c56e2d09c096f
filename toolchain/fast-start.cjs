"use strict";
// What `node --require` loads into processes that are started for every command: see the two files.
require("./compile-cache.cjs");
require("./lazy-sdk.cjs");

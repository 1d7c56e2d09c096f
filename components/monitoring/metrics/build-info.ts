import { gauge } from "./definition.ts";

/** As every program that is built with Prometheus's own library says what it is. */
export const buildInfo = gauge("info", "Always 1; the labels say what was built.", {
  version: "any",
  revision: "any",
  branch: "any",
  goversion: "any",
  goos: "any",
  goarch: "any",
  tags: "any",
});

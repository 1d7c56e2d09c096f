import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Problem } from "./problems.ts";
import { show } from "./redact.ts";
import { loadStackConfig, type LoadedStack } from "./stack.schema.ts";
import { readYamlFile } from "./yaml-file.ts";

/**
 * Settings of a stack as its file has them. A stack without a file has the defaults.
 *
 * @param stack name, also in the form `organization/project/stack`
 */
export function readStackFile(rootDir: string, stack: string): LoadedStack {
  const name = stack.split("/").at(-1) ?? "";
  if (!/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}$/.test(name)) {
    const allowed = "a stack name of letters, digits, dashes, underscores and dots";
    return withProblems([{ path: "stack", got: show(stack), allowed }]);
  }
  const path = join(rootDir, `Pulumi.${name}.yaml`);
  if (!existsSync(path)) {
    return withProblems([]);
  }
  const yaml = readYamlFile(path, rootDir);
  if (yaml.problems.length > 0) {
    return withProblems(yaml.problems);
  }
  const content = yaml.data ?? {};
  const config: unknown = isMap(content) ? (content["config"] ?? {}) : content;
  if (!isMap(config)) {
    const allowed = "a map with the key config, and under it mcp-fleet:fleet and others";
    return withProblems([
      { path: yaml.file, got: show(config), allowed, source: yaml.position([]) },
    ]);
  }
  return loadStackConfig(config, {
    stack: name,
    sourceOf: (key) => yaml.position(["config", key], true),
    isSecret: (key) => isMap(config[key]) && "secure" in config[key],
  });
}

function withProblems(problems: readonly Problem[]): LoadedStack {
  return { settings: loadStackConfig({}).settings, problems };
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

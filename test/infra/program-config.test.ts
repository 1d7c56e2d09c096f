import * as pulumi from "@pulumi/pulumi";
import { afterEach, describe, expect, it, vi } from "vitest";
import {
  programDatabasePassword,
  programReceivers,
  programTokens,
} from "../../infra/program-config.ts";
import { fleet, load } from "./config/fixture.ts";

const settings = (config: Readonly<Record<string, string>>) =>
  pulumi.runtime.setAllConfig(
    Object.fromEntries(Object.entries(config).map(([key, text]) => [`mcp-fleet:${key}`, text])),
  );
afterEach(() => {
  settings({});
  vi.unstubAllEnvs();
});

const good = "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0";
const other = "7f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f7";
const plain = load(fleet()).fleet;

/** The message of a refusal, which must not show what was given. */
function said(run: () => unknown, ...secrets: readonly string[]): string {
  try {
    run();
  } catch (error) {
    const { message } = error as Error;
    for (const secret of secrets) expect(message).not.toContain(secret);
    return message;
  }
  throw new Error("not refused");
}

describe("MCP_AUTH_TOKEN", () => {
  const two = load(fleet("gateway: {clients: [{name: default}, {name: ci}]}")).fleet;
  const [first, second] = [good, other].map((token) => token.replaceAll("f", "c"));
  const pairs = {
    default: { primary: good, backup: first },
    ci: { primary: other, backup: second },
  };
  const stack = { tokens: JSON.stringify(pairs) };

  it("takes the place of the first client's primary token; empty, it is not there", () => {
    settings(stack);
    vi.stubEnv("MCP_AUTH_TOKEN", good);
    expect(programTokens(two)).toEqual(pairs);
    settings({});
    expect(programTokens(two)).toEqual({ default: { primary: good } });
    vi.stubEnv("MCP_AUTH_TOKEN", "");
    expect(programTokens(two)).toBeUndefined();
  });

  it("is refused where another client has the same one", () => {
    settings(stack);
    vi.stubEnv("MCP_AUTH_TOKEN", other);
    expect(said(() => programTokens(two), other)).toContain(
      "MCP_AUTH_TOKEN: the same token as mcp-fleet:tokens.ci.primary",
    );
  });
});

describe("tokens of a cluster's Secrets", () => {
  it("stand beside those of the stack, one of a pair if need be", () => {
    expect(programTokens(plain, { default: { primary: good } })).toEqual({
      default: { primary: good },
    });
    expect(programTokens(plain)).toBeUndefined();
  });

  it("are judged like those of the stack, by their own path", () => {
    const named = { default: { primary: "guessable", backup: good }, ci: { primary: other } };
    const message = said(() => programTokens(plain, named), "guessable", good, other);
    expect(message).toContain("mcp-fleet:kubernetes.secrets.tokens.default.primary: got a value");
    expect(message).toContain("mcp-fleet:kubernetes.secrets.tokens.ci: no such client");
  });

  it("are refused where another client has the same one, from wherever", () => {
    const two = load(fleet("gateway: {clients: [{name: default}, {name: ci}]}")).fleet;
    settings({ tokens: JSON.stringify({ default: { primary: good, backup: other } }) });
    expect(said(() => programTokens(two, { ci: { backup: good } }), good)).toContain(
      "mcp-fleet:kubernetes.secrets.tokens.ci.backup: the same token as mcp-fleet:tokens.default.primary",
    );
  });

  it("are refused where the stack has some for the same client", () => {
    settings({ tokens: JSON.stringify({ default: { primary: good, backup: other } }) });
    expect(said(() => programTokens(plain, { default: { primary: good } }), good)).toContain(
      "mcp-fleet:kubernetes.secrets.tokens.default: mcp-fleet:tokens.default gives it, too; remove one",
    );
  });
});

describe("secrets of receivers", () => {
  const receiving = load(
    fleet(
      "monitoring: {alertmanager: {receivers: [{name: pager, kind: pagerduty}], routes: {critical: [pager]}}}",
    ),
  ).fleet;
  const key = "0123456789abcdef0123456789abcdef";

  it("come from a Secret of the cluster as well", () => {
    expect(programReceivers(receiving, { pager: key })).toEqual({ pager: key });
    // Named, and not known here: neither missing nor given.
    expect(programReceivers(receiving, { pager: undefined })).toEqual({});
    expect(said(() => programReceivers(receiving))).toContain("mcp-fleet:receivers.pager: missing");
  });

  it("are refused from two places, and for nobody", () => {
    settings({ receivers: JSON.stringify({ pager: key }) });
    const message = said(() => programReceivers(receiving, { pager: key, pagr: key }), key);
    expect(message).toContain("secrets.receivers.pager: mcp-fleet:receivers has a secret for it");
    expect(message).toContain("secrets.receivers.pagr: no receiver with a secret has this name");
  });
});

describe("the password of an external database", () => {
  const external = load(
    fleet("postgres: {external: {host: db.example.com, tls: {mode: require}}}"),
  ).fleet;

  it("is the stack's or a Secret's, and none where the database is ours", () => {
    expect(programDatabasePassword(external, "from-secret")).toBe("from-secret");
    settings({ databasePassword: "from-stack" });
    expect(programDatabasePassword(external)).toBe("from-stack");
    expect(programDatabasePassword(plain)).toBeUndefined();
  });

  it("is refused from two places, or with a line break in it", () => {
    settings({ databasePassword: "from-stack" });
    const message = said(() => programDatabasePassword(external, "two\nlines"), "lines", "stack'");
    expect(message).toContain("kubernetes.secrets.databasePassword: mcp-fleet:databasePassword");
    expect(message).toContain("without line breaks");
  });
});

import { userInfo } from "node:os";
import { afterEach, expect, it, vi } from "vitest";
import { accountHome, pulumiHome } from "../../../infra/release/pulumi-home.ts";

afterEach(() => vi.unstubAllEnvs());

it("is the account's own home, as the CLI takes it, whatever HOME says", () => {
  vi.stubEnv("HOME", "/github/home");
  expect(accountHome()).toBe(userInfo().homedir);
  expect(pulumiHome({ HOME: "/github/home" })).toBe(`${userInfo().homedir}/.pulumi`);
});

it("is PULUMI_HOME where that is set", () => {
  expect(pulumiHome({ PULUMI_HOME: "/srv/pulumi" })).toBe("/srv/pulumi");
});

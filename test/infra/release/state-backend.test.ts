import { mkdirSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  BrokenLoginError,
  directoryOfBackend,
  stateBackend,
  withoutLogin,
} from "../../../infra/release/state-backend.ts";
import { rootDir } from "../../../infra/root-dir.ts";
import { scratchFolder } from "./scratch.ts";

/** A project and a home of the CLI. */
function world(files: { readonly project?: string; readonly credentials?: string }) {
  const root = scratchFolder();
  const home = scratchFolder();
  const login = join(home, ".pulumi");
  mkdirSync(login);
  writeFileSync(join(root, "Pulumi.yaml"), files.project ?? "name: x\n");
  if (files.credentials !== undefined) {
    writeFileSync(join(login, "credentials.json"), files.credentials);
  }
  return { root, home, login };
}

const project = "name: x\nbackend:\n  url: s3://of-project\n";
const credentials = '{"current":"file:///srv/state"}';

describe("the backend in use", () => {
  it("is that of the environment, of the project, of the login, in this order", () => {
    const { login, ...places } = world({ project, credentials });
    const env = { PULUMI_BACKEND_URL: "gs://of-environment" };
    expect(stateBackend({ ...places, env })).toEqual({
      ...{ url: "gs://of-environment", source: "PULUMI_BACKEND_URL" },
    });
    expect(stateBackend({ ...places, env: {} })).toEqual({
      ...{ url: "s3://of-project", source: "Pulumi.yaml" },
    });
    const loggedIn = { url: "file:///srv/state", source: "pulumi login" };
    expect(stateBackend({ ...world({ credentials }), env: {} })).toEqual(loggedIn);
    for (const name of ["PULUMI_HOME", "PULUMI_CREDENTIALS_PATH"]) {
      expect(stateBackend({ ...world({}), env: { [name]: login } })).toEqual(loggedIn);
    }
  });

  it.each(["{}", '{"current":""}', undefined])("is none with the login %s", (text) => {
    const places = world(text === undefined ? {} : { credentials: text });
    expect(stateBackend({ ...places, env: {} })).toBeUndefined();
  });

  it("is not guessed where the file of logins is broken", () => {
    const places = world({ credentials: "not json" });
    expect(() => stateBackend({ ...places, env: {} })).toThrow(BrokenLoginError);
  });
});

it.each([
  ["file:///srv/state", "/srv/state"],
  ["file:///srv/state?no_tmp_dir=true", "/srv/state"],
  ["file:///srv/with%20space", "/srv/with space"],
  ["file://~", homedir()],
  ["file://~/state", join(homedir(), "state")],
  ["file://./state", join(rootDir, "state")],
  ["file://state", join(rootDir, "state")],
  ["https://api.pulumi.com", undefined],
  ["s3://bucket", undefined],
])("the folder of %s", (url, expected) => {
  expect(directoryOfBackend(url)).toBe(expected);
});

it("is shown without what may be a secret", () => {
  expect(withoutLogin("postgres://ann:hush@db/x?sslkey=hush")).toBe("postgres://db/x");
});

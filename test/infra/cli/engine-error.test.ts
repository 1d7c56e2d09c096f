import { describe, expect, it } from "vitest";
import { explainEngineError } from "../../../infra/cli/engine-error.ts";
import { UserError } from "../../../infra/cli/exit-codes.ts";
import { PulumiError } from "../../../infra/cli/pulumi-cli.ts";

/** A command that ended with an error. */
function failed(stderr: string): Error {
  return new PulumiError("pulumi up ended with 255", "", stderr);
}

const explain = (stderr: string, env: NodeJS.ProcessEnv = {}) => {
  const error = explainEngineError(failed(stderr), { stack: "staging", env });
  expect(error).toBeInstanceOf(UserError);
  expect(error?.exitCode).toBe(1);
  return error?.message;
};

describe("explainEngineError", () => {
  it("says which passphrase is wrong", () => {
    const stderr =
      "error: getting stack configuration: get stack secrets manager: incorrect passphrase";
    expect(explain(stderr, { PULUMI_CONFIG_PASSPHRASE_FILE: "/home/ann/phrase" })).toBe(
      "passphrase: the one from /home/ann/phrase does not open the secrets of stack staging; give the passphrase " +
        "that the stack was made with, as PULUMI_CONFIG_PASSPHRASE or in the file that PULUMI_CONFIG_PASSPHRASE_FILE names",
    );
  });

  it("never shows the passphrase itself", () => {
    const env = { PULUMI_CONFIG_PASSPHRASE: "open sesame" };
    const message = explain("error: incorrect passphrase", env);
    expect(message).toContain("the one from PULUMI_CONFIG_PASSPHRASE does");
    expect(message).not.toContain("sesame");
  });

  it("says that none is given", () => {
    const stderr =
      "error: getting stack configuration: get stack secrets manager: passphrase must be set with PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE environment variables";
    expect(explain(stderr)).toMatch(
      /^passphrase: none is given, and stack staging has secrets; set /,
    );
  });

  it.each([
    [
      'could not deserialize deployment: constructing secrets manager of type "cloud": secrets (code=Unknown): ' +
        'Put "http://vault/v1/transit/decrypt/fleet": dial tcp: connection refused',
      'Put "http://vault/v1/transit/decrypt/fleet": dial tcp: connection refused',
    ],
    [
      "getting stack configuration: get stack secrets manager: open keeper hashivault://fleet: " +
        "neither VAULT_SERVER_URL nor VAULT_ADDR environment variables are set",
      "neither VAULT_SERVER_URL nor VAULT_ADDR environment variables are set",
    ],
  ])("says what a key service says: %s", (said, why) => {
    expect(explain(`error: ${said}`)).toBe(
      "key service: the one of stack staging (secretsprovider in Pulumi.staging.yaml) does not open its secrets: " +
        `${why}; check its address and your login there, and that you may use the key`,
    );
  });

  it("names the backend without its credentials", () => {
    const stderr =
      "error: unable to open bucket file:///mnt/state?no_tmp_dir=true: stat /mnt/state: no such file or directory";
    const env = { PULUMI_BACKEND_URL: "s3://key:secret@bucket?endpoint=x" };
    expect(explain(stderr, env)).toBe(
      "state backend: PULUMI_BACKEND_URL=s3://bucket cannot be opened: stat /mnt/state: no such file or directory; " +
        "make that directory, or name another backend (unset the variable for the local default)",
    );
  });

  it("keeps the engine's own words otherwise, and nothing around them", () => {
    expect(explain("warning: old\nerror: the state is broken\n  run something\n")).toBe(
      "pulumi: the state is broken\n  run something",
    );
  });

  it("leaves other errors alone", () => {
    const other = explainEngineError(new TypeError("x is undefined"), { stack: "a", env: {} });
    expect(other).toBeUndefined();
  });
});

import type { SecretName, SecretSource } from "../components/health/secrets.ts";
import { nameOf, type Deployment } from "./release/deployment.ts";
import { plaintext } from "./release/pack.ts";

/** Secrets that probes name, out of the deployment that they judge; it has to be exported with its secrets open. */
export function secretsOf(deployment: Deployment | null | undefined): SecretSource {
  const resources = deployment?.resources ?? [];
  return (name) => {
    const value = name.kind === "token" ? token(resources, name) : password(resources, name);
    return value === undefined
      ? Promise.reject(new Error("the deployment has none"))
      : Promise.resolve(value);
  };
}

function token(resources: NonNullable<Deployment["resources"]>, { of }: SecretName) {
  const stack = resources.find(({ type }) => type === "pulumi:pulumi:Stack");
  const tokens = plaintext(stack?.outputs?.["tokens"]) as
    Readonly<Record<string, unknown>> | undefined;
  const pair = plaintext(tokens?.[of]) as { readonly primary?: unknown } | undefined;
  return plaintext(pair?.primary) as string | undefined;
}

/** Credentials are named after the role: see `DatabaseCredentials`. */
function password(resources: NonNullable<Deployment["resources"]>, { of }: SecretName) {
  const found = resources.find(
    ({ type, urn, delete: leaving }) =>
      type === "random:index/randomPassword:RandomPassword" &&
      !leaving &&
      nameOf(urn) === `credentials-${of}`,
  );
  return plaintext(found?.outputs?.["result"]) as string | undefined;
}

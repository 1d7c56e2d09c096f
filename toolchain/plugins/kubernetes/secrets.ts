import { isObject, isSecret, secret, type Properties, type Value } from "../bridge/values.ts";

/**
 * Marks in values that came back what was secret in the inputs they came from.
 *
 * Objects are gone through member by member, so that one secret does not hide a whole Deployment; a list with a secret
 * anywhere in it is secret as a whole, for the cluster may have changed its order. The data of a Secret always is.
 */
export function markSecrets(outputs: Properties, inputs: Properties): Properties {
  if (outputs.kind === "Secret") {
    const marked = { ...outputs };
    for (const name of ["data", "stringData"]) {
      const value = marked[name];
      if (value !== undefined) marked[name] = secret(value);
    }
    return marked;
  }
  return Object.fromEntries(
    Object.entries(outputs).map(([name, value]) => [name, markSecret(value, inputs[name])]),
  );
}

function markSecret(output: Value, input: Value | undefined): Value {
  if (input === undefined) return output;
  if (isPlainObject(output) && isPlainObject(input)) return markSecrets(output, input);
  return !isSecret(output) && containsSecret(input) ? secret(output) : output;
}

function isPlainObject(value: Value): value is Properties {
  return isObject(value) && !isSecret(value);
}

function containsSecret(value: Value): boolean {
  if (Array.isArray(value)) return value.some(containsSecret);
  return isObject(value) && (isSecret(value) || Object.values(value).some(containsSecret));
}

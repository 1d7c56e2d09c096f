import type { CheckFailure } from "../bridge/check.ts";
import { mapProperties, withoutSecrets, type Properties } from "../bridge/values.ts";
import type { CheckAnswer, CheckRequest } from "../rpc/provider.ts";
import { internalAnnotations, refusedAnnotations } from "./annotations.ts";
import { adoptName, assignName } from "./autoname.ts";
import { kindOf } from "./kinds.ts";
import { namespaceOf, textAt, withMember } from "./object.ts";
import { normalise } from "./normalise.ts";
import { markSecrets } from "./secrets.ts";

/**
 * Inputs in their normal form, with a generated name and the provider's namespace where the program gives none. Whether
 * fields are right is left to the API server, as the official plugin leaves it.
 *
 * @param namespace the provider's, or "" without one
 * @param warn tells the user
 * @throws for a kind that is not supported
 */
export function check(
  request: CheckRequest,
  namespace: string,
  warn: (message: string) => void,
): CheckAnswer {
  const kind = kindOf(request.type);
  const oldInputs = mapProperties(request.olds, withoutSecrets);
  let inputs = normalise(kind, mapProperties(request.news, withoutSecrets));
  for (const name of internalAnnotations(inputs)) {
    warn(`ignoring user-specified value for internal annotation "${name}"`);
  }
  const failures = failuresOf(inputs);
  if (failures.length > 0) return { inputs: request.news, failures };

  inputs =
    Object.keys(oldInputs).length > 0 ? adoptName(inputs, oldInputs) : assignName(inputs, request);
  if (kind.namespaced && namespace !== "" && namespaceOf(inputs) === "") {
    inputs = withMember(inputs, ["metadata", "namespace"], namespace);
  }
  return { inputs: markSecrets(inputs, request.news) };
}

function failuresOf(inputs: Properties): CheckFailure[] {
  const failures = refusedAnnotations(inputs).map((name) => ({
    property: `metadata.annotations["${name}"]`,
    reason: `'${name}' is not supported by this stand-in; drop the annotation`,
  }));
  if (textAt(inputs, "metadata", "generateName") !== "") {
    failures.push({
      property: "metadata.generateName",
      reason: "the `.metadata.generateName` field is not supported in Server-Side Apply mode",
    });
  }
  return failures;
}

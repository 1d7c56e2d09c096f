import {
  isObject,
  mapProperties,
  withoutSecrets,
  type Properties,
} from "../../../../toolchain/plugins/bridge/values.ts";
import { kindOf, pathOf } from "../../../../toolchain/plugins/kubernetes/kinds.ts";
import { namespaceOf, nameOf } from "../../../../toolchain/plugins/kubernetes/object.ts";
import { PHASES, type Recorded, recordings } from "../recordings.ts";

/** All calls to the official kubernetes plugin. */
const KUBERNETES_CALLS: readonly Recorded[] = PHASES.flatMap((phase) =>
  recordings(phase, "kubernetes").filter(({ request }) => /\bkubernetes\b/.test(request.type)),
);

/** A table of tests. */
export function callsOf(call: string): [string, Recorded][] {
  return KUBERNETES_CALLS.filter((recorded) => recorded.call === call).map((recorded) => [
    `${recorded.phase} ${recorded.request.type.split(":").at(-1) ?? ""} ${recorded.request.name}`,
    recorded,
  ]);
}

/** The object in the cluster behind a recorded state. */
export function liveOf(state: Properties): Properties {
  const members = Object.entries(mapProperties(state, withoutSecrets));
  return Object.fromEntries(members.filter(([name]) => !name.startsWith("__")));
}

/** Where the object of a recorded state is served; and its collection. */
export function placeOf(token: string, state: Properties) {
  const kind = kindOf(token);
  const live = liveOf(state);
  return {
    object: pathOf(kind, namespaceOf(live), nameOf(live)),
    collection: pathOf(kind, namespaceOf(live)),
  };
}

/** Properties of an answer. */
export function propertiesOf(response: Properties): Properties {
  return isObject(response.properties) ? response.properties : {};
}

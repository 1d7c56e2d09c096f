import { isObject, UNKNOWN, type Properties } from "../bridge/values.ts";
import { member, textAt, withMember } from "./object.ts";

/** On objects whose name was generated. */
export const AUTONAMED = "pulumi.com/autonamed";
export const SKIP_AWAIT = "pulumi.com/skipAwait";
const TIMEOUT_SECONDS = "pulumi.com/timeoutSeconds";
const PATCH_FORCE = "pulumi.com/patchForce";
const FIELD_MANAGER = "pulumi.com/patchFieldManager";
const DELETION_PROPAGATION = "pulumi.com/deletionPropagationPolicy";

/** Annotations that change what the official plugin does, and that the stand-in does not act on. */
const REFUSED = ["pulumi.com/waitFor", "pulumi.com/replaceUnready"];

/** Awaits and deletions end after ten minutes unless the program says otherwise. */
const DEFAULT_TIMEOUT_SECONDS = 600;

/** Annotations of an object; none while one of them is unknown. */
function annotationsOf(object: Properties): Properties {
  const annotations = member(object, "metadata", "annotations");
  if (!isObject(annotations)) return {};
  return Object.values(annotations).includes(UNKNOWN) ? {} : annotations;
}

export function isAnnotated(object: Properties, name: string): boolean {
  return annotationsOf(object)[name] === "true";
}

/** A copy that is marked as having a generated name. */
export function markAutonamed(object: Properties): Properties {
  const annotations = member(object, "metadata", "annotations");
  if (annotations !== undefined && !isObject(annotations)) return object;
  return withMember(object, ["metadata", "annotations", AUTONAMED], "true");
}

export function refusedAnnotations(object: Properties): string[] {
  return REFUSED.filter((name) => name in annotationsOf(object));
}

/** Names that only the plugin itself may give: declared by a program, they are warned of. */
export function internalAnnotations(object: Properties): string[] {
  return Object.keys(annotationsOf(object)).filter((name) => name.startsWith(AUTONAMED));
}

/** How long to wait: the program's `customTimeouts` before the annotation. */
export function timeoutMs(object: Properties, customSeconds = 0): number {
  if (customSeconds !== 0) return Math.trunc(customSeconds) * 1000;
  const annotated = textAt(annotationsOf(object), TIMEOUT_SECONDS);
  return (/^[+-]?\d+$/.test(annotated) ? Number(annotated) : DEFAULT_TIMEOUT_SECONDS) * 1000;
}

export function forcesPatch(object: Properties): boolean {
  return isAnnotated(object, PATCH_FORCE);
}

/** The field manager that the program asks for, or "". */
export function declaredFieldManager(object: Properties): string {
  return textAt(annotationsOf(object), FIELD_MANAGER);
}

export function propagationPolicy(object: Properties): "Orphan" | "Background" | "Foreground" {
  switch (textAt(annotationsOf(object), DELETION_PROPAGATION).toLowerCase()) {
    case "orphan":
      return "Orphan";
    case "background":
      return "Background";
    default:
      return "Foreground";
  }
}

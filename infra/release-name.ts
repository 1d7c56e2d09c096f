import { revisionOf } from "../components/platform/revision.ts";

/** @param parts everything that the release is made of: its identity is their hash. */
export function releaseName(parts: Readonly<Record<string, unknown>>): string {
  return `r-${revisionOf(parts).slice(0, 10)}`;
}

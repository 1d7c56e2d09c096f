import { fileURLToPath } from "node:url";
import { loadFleet } from "../../infra/config/index.ts";
import { renderFleet } from "../../infra/render.ts";

export const root = fileURLToPath(new URL("../..", import.meta.url));

/** Folders that hold nothing but rendered files. */
export const goldenFolders = ["fleets/rendered", "docs/runbooks"] as const;

/** What is committed of the rendered files of `fleets/writing.yaml`: path in the project -> content. */
export function goldenFiles(): Readonly<Record<string, string>> {
  const { fleet } = loadFleet({
    fleetPath: "fleets/writing.yaml",
    env: {},
    sets: [],
    rootDir: root,
  });
  return Object.fromEntries(
    Object.entries(renderFleet(fleet)).map(([path, content]) => [
      // Alerts link to the runbooks in the documentation.
      path.startsWith("runbooks/") ? `docs/${path}` : `fleets/rendered/${path}`,
      content,
    ]),
  );
}

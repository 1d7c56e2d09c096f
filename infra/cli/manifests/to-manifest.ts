import { stringify } from "yaml";
import type { Properties } from "../../release/deployment.ts";
import { liveSecretType } from "./deployed.ts";
import { withheld, type Manifest } from "./manifest.ts";
import type { Planned } from "./run-program.ts";

/** The object of a resource, secrets in clear: to be judged, not to be shown. */
export function toManifest({ type, inputs, objectName }: Planned): Manifest {
  if (type === liveSecretType) return liveSecret(inputs);
  const { metadata = {}, ...rest } = inputs as Properties & { readonly metadata?: object };
  const { apiVersion, kind, ...fields } = rest;
  return {
    apiVersion: String(apiVersion),
    kind: String(kind),
    metadata: { ...metadata, name: objectName },
    ...fields,
  };
}

/** As the resource's own code writes it. */
function liveSecret(inputs: Properties): Manifest {
  const files = JSON.parse(String(inputs["files"])) as Record<string, string>;
  const hash = String(inputs["hash"]);
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: {
      name: String(inputs["secret"]),
      namespace: String(inputs["namespace"]),
      labels: inputs["labels"] as Record<string, string>,
      annotations: { "mcp-fleet/files-hash": hash },
    },
    stringData: { ...files, ".version": hash },
  };
}

/** The same object with none of its secrets: what is in a Secret is in no file of anybody's. */
function withoutSecrets(manifest: Manifest): Manifest {
  if (manifest.kind !== "Secret") return manifest;
  const hidden = (entries: unknown) =>
    Object.fromEntries(Object.keys(entries ?? {}).map((key) => [key, withheld]));
  const { metadata, stringData, data, ...rest } = manifest;
  const { annotations = {}, ...others } = metadata;
  return {
    ...rest,
    metadata: {
      ...others,
      // The hash of what is not shown is not shown either.
      ...(Object.keys(annotations).length > 0 && { annotations: hidden(annotations) }),
    },
    stringData: { ...hidden(data), ...hidden(stringData) },
  };
}

/** Path below the folder of manifests -> YAML without secrets. */
export function manifestFiles(manifests: readonly Manifest[]): Record<string, string> {
  return Object.fromEntries(
    manifests.map((manifest) => [
      `${manifest.kind.toLowerCase()}/${manifest.metadata.name}.yaml`,
      stringify(withoutSecrets(manifest), {
        aliasDuplicateObjects: false,
        // Tools of Kubernetes read YAML 1.1, where a plain yes is no text.
        version: "1.1",
      }),
    ]),
  );
}

import type { Manifest } from "../../../../infra/cli/manifests/manifest.ts";

const labels = { "mcp-fleet/component": "scene" };
const metadata = { name: "scene-1a2b3c4", namespace: "fleet", labels };

/** A set of pods and what it stands on, as the fleet makes them; without a fault. */
export function sample(): { set: Manifest; service: Manifest; secret: Manifest } {
  const made = {
    set: {
      apiVersion: "apps/v1",
      kind: "StatefulSet",
      metadata,
      spec: {
        replicas: 2,
        serviceName: "scene-1a2b3c4",
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: {
            containers: [
              {
                name: "scene",
                image: "registry.example/scene:1",
                resources: {
                  requests: { cpu: "100m", memory: "160Mi" },
                  limits: { cpu: "1", memory: "160Mi" },
                },
                readinessProbe: { httpGet: { path: "/ready", port: 3005 } },
                volumeMounts: [{ name: "files", mountPath: "/run/secrets/fleet" }],
              },
            ],
            volumes: [{ name: "files", secret: { secretName: "scene-secrets", defaultMode: 288 } }],
          },
        },
      },
    },
    service: {
      apiVersion: "v1",
      kind: "Service",
      metadata,
      spec: { clusterIP: "None", selector: labels, ports: [{ port: 3005, targetPort: 3005 }] },
    },
    secret: {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "scene-secrets", namespace: "fleet", labels },
      immutable: true,
      stringData: { "database-password": "hunter2" },
    },
  };
  // As it travels: no part of it stands in two places.
  return JSON.parse(JSON.stringify(made)) as typeof made;
}

/** The manifest with another value at a path such as `spec.replicas`. */
export function withValue(manifest: Manifest, path: string, value: unknown): Manifest {
  const copy = structuredClone(manifest);
  const keys = path.split(".");
  const last = keys.pop()!;
  let holder = copy as unknown as Record<string, unknown>;
  for (const key of keys) holder = holder[key] as Record<string, unknown>;
  if (value === undefined) Reflect.deleteProperty(holder, last);
  else holder[last] = value;
  return copy;
}

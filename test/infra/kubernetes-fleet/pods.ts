import { expect, it } from "vitest";
import { amountOf } from "../../../components/platform/kubernetes/quantity.ts";
import { labelNames } from "../../../components/platform/labels.ts";
import { amountsOf, claimsOf, partsOf } from "../../../infra/platforms/kubernetes/fit/demand.ts";
import { servers, settings, spec, type DeployedFleet, type Template } from "./deployed-fleet.ts";

/** Pods, their copies and their bounds. */
export function podsClaims(deployed: DeployedFleet): void {
  it("keeps every pod within the restricted standard and bounded", () => {
    for (const { name, template } of deployed.templates()) {
      const { securityContext, containers } = template.spec;
      expect(securityContext, name).toMatchObject({
        runAsNonRoot: true,
        seccompProfile: { type: "RuntimeDefault" },
      });
      expect(securityContext["runAsUser"], name).toBeGreaterThan(0);
      for (const container of containers) {
        expect(container.securityContext, name).toEqual({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ["ALL"] },
        });
        expect(Object.keys(container.resources.limits).sort(), name).toEqual(["cpu", "memory"]);
        expect(
          container.volumeMounts?.filter(({ subPath }) => subPath !== undefined) ?? [],
          name,
        ).toEqual([]);
      }
    }
  });

  it("asks for exactly what is compared with quotas before", () => {
    const registered = ["StatefulSet", "Deployment", "Job"].flatMap((kind) =>
      deployed.ofKind(kind).map(({ name, inputs }) => {
        const { replicas = 1, template } = inputs["spec"] as {
          readonly replicas?: number;
          readonly template: Template;
        };
        const { resources } = template.spec.containers[0]!;
        return { owner: name, kind, copies: replicas, pod: amountsOf(resources) };
      }),
    );
    const asked = { fleet: spec, settings, grafana: false };
    const byOwner = (a: { owner: string }, b: { owner: string }) => (a.owner < b.owner ? -1 : 1);
    expect(
      partsOf(asked)
        .map(({ owner, kind, copies, pod }) => ({ owner, kind, copies, pod }))
        .sort(byOwner),
    ).toEqual(registered.sort(byOwner));
    expect(
      claimsOf(asked)
        .map(({ bytes }) => bytes)
        .sort(),
    ).toEqual(
      deployed
        .ofKind("PersistentVolumeClaim")
        .map(({ inputs }) => {
          const { resources } = inputs["spec"] as {
            readonly resources: { readonly requests: { readonly storage: string } };
          };
          return amountOf(resources.requests.storage);
        })
        .sort(),
    );
    // What quotas are told of Services.
    expect(deployed.ofKind("Service")).toHaveLength(
      registered.filter(({ kind }) => kind !== "Job").length,
    );
  });

  it("asks every pod that stays whether it is ready", () => {
    const silent = deployed
      .templates()
      .filter(({ template }) => !template.spec.containers[0]!.readinessProbe)
      .map(({ name }) => name);
    expect(silent.sort()).toEqual(["gateway-trial", "migrations"]);
  });

  it("puts no secret into an environment", () => {
    const text = JSON.stringify(deployed.templates());
    expect(text).not.toContain("made-for-");
  });

  it("names what starts beside its predecessor after its content, and selects its pods by it", () => {
    for (const server of servers) {
      const set = deployed.ofKind("StatefulSet").find(({ name }) => name === server)!.inputs;
      const { metadata, spec: own } = set as {
        metadata: { name: string };
        spec: { serviceName: string; selector: { matchLabels: Record<string, string> } };
      };
      const revision = own.selector.matchLabels[labelNames.revision]!;
      expect(metadata.name).toBe(`${server}-${revision.slice(0, 7)}`);
      expect(own.serviceName).toBe(metadata.name);
      expect(deployed.labelsOf(server)).toMatchObject(own.selector.matchLabels);
    }
  });

  it("has an autoscaler between the copies that are there and those that may be", () => {
    const scaler = deployed.ofKind("HorizontalPodAutoscaler").find(({ name }) => name === "scene")!;
    expect(scaler.inputs["spec"]).toMatchObject({ minReplicas: 2, maxReplicas: 4 });
  });

  it("keeps a copy of everything that has several when nodes are drained", () => {
    expect(
      deployed
        .ofKind("PodDisruptionBudget")
        .map(({ name }) => name)
        .sort(),
    ).toEqual([...servers, "gateway"].sort());
    expect(
      deployed
        .ofKind("HorizontalPodAutoscaler")
        .map(({ name }) => name)
        .sort(),
    ).toEqual([...servers].sort());
  });

  it("puts the restricted standard on the namespace", () => {
    const [namespace] = deployed.ofKind("Namespace");
    expect(namespace!.inputs["metadata"]).toMatchObject({
      name: "mcp-fleet-prod",
      labels: { "pod-security.kubernetes.io/enforce": "restricted" },
    });
  });
}

import { expect, it } from "vitest";
import { monitoringObjection } from "../../infra/monitoring-objection.ts";

const urn = (name: string) =>
  `urn:pulumi:prod::mcp-fleet::kubernetes:core/v1:PersistentVolumeClaim::${name}`;
const claim = (name: string, protect: boolean) => ({
  ...{
    urn: urn(name),
    type: "kubernetes:core/v1:PersistentVolumeClaim",
    id: `fleet/${name}`,
    protect,
  },
});
const claims = [
  claim("postgres-17", true),
  claim("prometheus-data", true),
  claim("alertmanager-data", false),
];

it("says which volumes are protected, and how the stack forgets them", () => {
  const said = monitoringObjection(true, claims, "prod");
  expect(said).toContain(`pulumi state unprotect '${urn("prometheus-data")}' --stack prod --yes`);
  expect(said).not.toContain("alertmanager-data");
  expect(said).not.toContain("postgres-17");
});

it("has nothing to say once they are not, or of a fleet with monitoring of its own", () => {
  expect(monitoringObjection(true, [claims[0]!, claims[2]!], "prod")).toBeUndefined();
  expect(monitoringObjection(false, claims, "prod")).toBeUndefined();
});

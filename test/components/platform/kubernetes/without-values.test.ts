import { expect, it } from "vitest";
import { withoutValues } from "../../../../components/platform/kubernetes/without-values.ts";

it("leaves out values of environments and Secrets, and keeps their names", () => {
  const secretKeyRef = { name: "db", key: "password" };
  const found = withoutValues({
    pods: [
      {
        metadata: {
          annotations: { "kubectl.kubernetes.io/last-applied-configuration": "hush", own: "1" },
          managedFields: [{ manager: "hush" }],
        },
        spec: {
          containers: [
            {
              env: [
                { name: "A", value: "hush" },
                { name: "B", valueFrom: { secretKeyRef } },
              ],
            },
          ],
        },
      },
    ],
    object: { kind: "Secret", data: { key: "aHVzaA==" }, type: "Opaque" },
    map: { kind: "ConfigMap", data: { key: "plain" } },
  });
  expect(JSON.stringify(found)).not.toMatch(/hush|aHVzaA/);
  expect(found).toEqual({
    pods: [
      {
        metadata: { annotations: { own: "1" } },
        spec: {
          containers: [
            {
              env: [
                { name: "A", value: "..." },
                { name: "B", valueFrom: { secretKeyRef } },
              ],
            },
          ],
        },
      },
    ],
    object: { kind: "Secret", data: { key: "..." }, type: "Opaque" },
    map: { kind: "ConfigMap", data: { key: "plain" } },
  });
});

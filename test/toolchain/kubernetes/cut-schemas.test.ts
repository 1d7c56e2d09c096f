import { expect, it } from "vitest";
import {
  customDocument,
  cutSchemas,
  type OpenApi,
} from "../../../toolchain/kubernetes/cut-schemas.ts";

const document: OpenApi = {
  components: {
    schemas: {
      "v1.Service": {
        type: "object",
        description: "words",
        properties: {
          metadata: { allOf: [{ $ref: "#/components/schemas/v1.Meta" }], default: {} },
          ports: { type: "array", items: { $ref: "#/components/schemas/v1.Port" } },
        },
        required: ["metadata"],
        "x-kubernetes-group-version-kind": [{ group: "", kind: "Service", version: "v1" }],
      },
      "v1.Meta": {
        type: "object",
        properties: {
          labels: { type: "object", additionalProperties: { type: "string", default: "" } },
          // Refers to what is being cut.
          owner: { $ref: "#/components/schemas/v1.Meta" },
        },
      },
      "v1.Port": {
        format: "int-or-string",
        oneOf: [{ type: "integer" }, { type: "string" }],
      },
      "v1.Unused": { type: "string" },
      "v1.DeleteOptions": {
        type: "object",
        "x-kubernetes-group-version-kind": [
          { group: "", kind: "DeleteOptions", version: "v1" },
          { group: "apps", kind: "DeleteOptions", version: "v1" },
        ],
      },
    },
  },
};

it("keeps what decides, closes what has fields, and follows references", () => {
  expect(cutSchemas([{ kinds: ["Service"], document }])).toEqual({
    kinds: { "v1/Service": "v1.Service" },
    definitions: {
      "v1.Meta": {
        type: "object",
        properties: {
          labels: { type: "object", additionalProperties: { type: "string" } },
          owner: { $ref: "#/definitions/v1.Meta" },
        },
        additionalProperties: false,
      },
      "v1.Port": { oneOf: [{ type: "integer" }, { type: "string" }] },
      "v1.Service": {
        type: "object",
        required: ["metadata"],
        properties: {
          metadata: { $ref: "#/definitions/v1.Meta" },
          ports: { type: "array", items: { $ref: "#/definitions/v1.Port" } },
        },
        additionalProperties: false,
      },
    },
  });
});

it.each(["Pod", "DeleteOptions"])("refuses a kind that the document does not have: %s", (kind) => {
  expect(() => cutSchemas([{ kinds: [kind], document }])).toThrow(`has no ${kind}`);
});

it("takes the schema of a custom resource from its definition, with the metadata that all objects have", () => {
  const name = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";
  const meta = { components: { schemas: { [name]: { type: "object" } } } };
  const openAPIV3Schema = {
    type: "object",
    properties: {
      metadata: { type: "object" },
      spec: {
        type: "object",
        properties: {
          for: { type: "string", minLength: 1, pattern: "^[0-9]+s$" },
          strategy: { type: "string", pattern: "^(?i)(abort|warn)?$" },
        },
      },
    },
  };
  const definition = {
    spec: {
      group: "monitoring.coreos.com",
      names: { kind: "PrometheusRule" },
      versions: [{ name: "v1", schema: { openAPIV3Schema } }],
    },
  };
  const document = customDocument(definition, meta);
  const { kinds, definitions } = cutSchemas([{ kinds: ["PrometheusRule"], document }]);
  expect(kinds).toEqual({
    "monitoring.coreos.com/v1/PrometheusRule": "com.coreos.monitoring.v1.PrometheusRule",
  });
  expect(definitions["com.coreos.monitoring.v1.PrometheusRule"]).toEqual({
    type: "object",
    properties: {
      metadata: { $ref: `#/definitions/${name}` },
      spec: {
        type: "object",
        properties: {
          for: { type: "string", minLength: 1, pattern: "^[0-9]+s$" },
          // Only Go knows such flags.
          strategy: { type: "string" },
        },
        additionalProperties: false,
      },
    },
    additionalProperties: false,
  });
});

import { expect, it } from "vitest";
import { cutSchemas, type OpenApi } from "../../../toolchain/kubernetes/cut-schemas.ts";

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

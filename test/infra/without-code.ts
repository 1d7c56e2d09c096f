import * as pulumi from "@pulumi/pulumi";

/**
 * A dynamic resource of the program, for `vi.mock`. The real one carries its code as text; the test runner rewrites imports
 * in it, so the code cannot be taken along.
 *
 * @param kind as in `mcpfleet:LiveFiles`.
 */
export function withoutCode(kind: string) {
  return class extends pulumi.CustomResource {
    constructor(name: string, args: pulumi.Inputs, opts: pulumi.CustomResourceOptions) {
      super(`pulumi-nodejs:dynamic/mcpfleet:${kind}`, name, args, opts);
    }
  };
}

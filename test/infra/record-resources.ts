import * as pulumi from "@pulumi/pulumi";

/** A resource that a program registered. */
export interface Created {
  readonly type: string;
  readonly name: string;
  readonly inputs: Record<string, unknown>;
}

/** Mocks of the engine for a program's whole run; every resource is noted down in `created`, which is emptied first. */
export async function recordResources(created: Created[]): Promise<void> {
  created.length = 0;
  await pulumi.runtime.setMocks(
    {
      newResource: ({ type, name, inputs }) => {
        const state = inputs as Record<string, unknown>;
        created.push({ type, name, inputs: state });
        const metadata = state["metadata"] as Record<string, unknown> | undefined;
        return {
          id: `${name}-id`,
          state: {
            ...{ name, hex: "0a1b2c3d", ...state },
            ...(metadata && { metadata: { name: `${name}-0a1b2c3d`, ...metadata } }),
            ...(type.endsWith("RandomPassword") && { result: `made-for-${name}` }),
          },
        };
      },
      call: ({ token }) => {
        throw new Error(`unexpected call of ${token}`);
      },
    },
    "mcp-fleet",
    "prod",
    false,
  );
}

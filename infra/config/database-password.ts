import type { PostgresSpec } from "../../components/database/postgres.schema.ts";
import type { Finding } from "./problems.ts";

/** Secret stack setting: password of the owner of an external database. */
export const databasePasswordKey = "databasePassword";

/** Why a password cannot be used; undefined if it can. The answer never contains it. */
export function checkDatabasePassword(password: string): string | undefined {
  return /^[^\p{Cc}]{1,1024}$/u.test(password)
    ? undefined
    : "1 to 1024 characters without line breaks and other control characters";
}

/** An external database whose owner's password the stack does not have. */
export function missingDatabasePassword({ external, owner }: PostgresSpec): Finding[] {
  if (external === undefined) return [];
  return [
    {
      at: ["postgres", "external"],
      got: external.host,
      allowed: `a database whose owner's password the stack has: migrations log in as ${owner}`,
      fix: `pulumi config set --secret mcp-fleet:${databasePasswordKey}, or name a Secret as kubernetes.secrets.databasePassword`,
    },
  ];
}

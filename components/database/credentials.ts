import * as pulumi from "@pulumi/pulumi";
import { generatedPassword } from "../secrets.ts";
import { schemaOf } from "../servers/mcp-server.schema.ts";
import { loginRole } from "./names.ts";

export interface DatabaseCredentialsArgs {
  /** Names of the servers that get a login pair. */
  readonly servers: readonly string[];
  /**
   * Password of the owner of an external database.
   *
   * @default - generated
   */
  readonly owner?: pulumi.Input<string> | undefined;
}

/** Every password of the data tier; each is secret. All are generated but that of somebody else's database. */
export class DatabaseCredentials extends pulumi.ComponentResource {
  /** Owner of the database, who runs the migrations. */
  readonly owner: pulumi.Output<string>;
  readonly exporter: pulumi.Output<string>;
  /** The pooler's own login. */
  readonly lookup: pulumi.Output<string>;
  /** The pooler's statistics console. */
  readonly stats: pulumi.Output<string>;
  /** Password of each login role, by role name: two for every server. */
  readonly logins: Readonly<Record<string, pulumi.Output<string>>>;

  constructor(name: string, args: DatabaseCredentialsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("mcpfleet:database:Credentials", name, {}, opts);
    const password = (role: string) => generatedPassword(`${name}-${role}`, { parent: this });
    this.owner = args.owner === undefined ? password("owner") : pulumi.secret(args.owner);
    this.exporter = password("exporter");
    this.lookup = password("lookup");
    this.stats = password("stats");
    const roles = [...args.servers]
      .sort()
      .flatMap((server) =>
        (["a", "b"] as const).map((login) => loginRole(schemaOf(server), login)),
      );
    this.logins = Object.fromEntries(roles.map((role) => [role, password(role)]));
    this.registerOutputs({});
  }

  /**
   * Password of one login role.
   *
   * @throws if no server with this role was declared.
   */
  login(role: string): pulumi.Output<string> {
    const password = this.logins[role];
    if (!password) {
      const known = Object.keys(this.logins).join(", ") || "none";
      throw new pulumi.ResourceError(
        `${role}: no such login role; known: ${known}. Name its server in \`servers\``,
        this,
        true,
      );
    }
    return password;
  }
}

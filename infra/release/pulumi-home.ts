import { homedir, userInfo } from "node:os";
import { join } from "node:path";

/**
 * Home directory as the Pulumi CLI takes it: the account's own, as in `/etc/passwd`. Not `HOME`, which containers of CI
 * services and some `sudo` set to another place; that counts only for an account without an entry.
 */
export function accountHome(): string {
  try {
    return userInfo().homedir;
  } catch {
    return homedir();
  }
}

/** Where Pulumi keeps plugins and logins: `PULUMI_HOME`, else `.pulumi` in `home`. */
export function pulumiHome(env: NodeJS.ProcessEnv, home: string = accountHome()): string {
  return env["PULUMI_HOME"] || join(home, ".pulumi");
}

import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parse } from "yaml";
import { rootDir } from "../root-dir.ts";
import { accountHome, pulumiHome } from "./pulumi-home.ts";

/** Where the Pulumi CLI looks for the address of its state backend. */
export interface BackendSources {
  readonly env: NodeJS.ProcessEnv;
  /**
   * Directory of `Pulumi.yaml`.
   *
   * @default the project's
   */
  readonly root?: string;
  /**
   * Home directory of the account.
   *
   * @default that of the user who runs this
   */
  readonly home?: string;
}

/** Where an address comes from. */
export type BackendSource = "PULUMI_BACKEND_URL" | "Pulumi.yaml" | "pulumi login";

/** The CLI's own file of logins is broken; it refuses to work then. */
export class BrokenLoginError extends Error {
  override readonly name = "BrokenLoginError";
  readonly path: string;

  constructor(path: string) {
    super(`${path} is not JSON`);
    this.path = path;
  }
}

/**
 * The state backend that `pulumi` uses, in its order of precedence; undefined: nothing names one.
 *
 * @throws BrokenLoginError
 */
export function stateBackend({
  env,
  root = rootDir,
  home = accountHome(),
}: BackendSources): { readonly url: string; readonly source: BackendSource } | undefined {
  const given = env["PULUMI_BACKEND_URL"];
  if (given) return { url: given, source: "PULUMI_BACKEND_URL" };
  const ofProject = projectBackend(join(root, "Pulumi.yaml"));
  if (ofProject) return { url: ofProject, source: "Pulumi.yaml" };
  const folder = env["PULUMI_CREDENTIALS_PATH"] || pulumiHome(env, home);
  const current = loggedInTo(join(folder, "credentials.json"));
  return current ? { url: current, source: "pulumi login" } : undefined;
}

/**
 * Folder of a `file://` backend; undefined for any other. As the CLI takes it: `~` is the account's home, and what is not
 * absolute begins at the directory that it runs in, the project's.
 */
export function directoryOfBackend(backend: string): string | undefined {
  const [url = ""] = backend.split("?");
  if (!url.startsWith("file://")) return undefined;
  const path = decodeURIComponent(url.slice("file://".length));
  return path.startsWith("~") ? join(accountHome(), path.slice(1)) : resolve(rootDir, path);
}

/** An address without its login and query, which may hold credentials. */
export function withoutLogin(url: string): string {
  return url.replace(/\/\/[^/@]*@/, "//").replace(/\?.*$/, "");
}

/** Undefined where there is no file, or none that can be read: the CLI says what is wrong with it. */
function projectBackend(path: string): string | undefined {
  if (!existsSync(path)) return undefined;
  try {
    const { backend } = parse(readFileSync(path, "utf8")) as { backend?: { url?: unknown } };
    return typeof backend?.url === "string" ? backend.url : undefined;
  } catch {
    return undefined;
  }
}

function loggedInTo(path: string): string | undefined {
  if (!existsSync(path)) return undefined;
  try {
    const { current } = JSON.parse(readFileSync(path, "utf8")) as { current?: unknown };
    return typeof current === "string" && current !== "" ? current : undefined;
  } catch {
    throw new BrokenLoginError(path);
  }
}

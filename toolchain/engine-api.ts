import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { type ClientRequest, request as httpRequest, type RequestOptions } from "node:http";
import { request as httpsRequest } from "node:https";
import { join } from "node:path";
import { Duplex, type Readable } from "node:stream";
import { type Endpoint, member } from "./docker-endpoint.ts";

export interface EngineAnswer {
  readonly status: number;
  readonly body: string;
}

interface EngineCall {
  readonly method?: "GET" | "POST";
  readonly timeoutMs: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Readable;
}

/**
 * One call of the Docker engine's HTTP API: enough to ask an engine who it is and to import an image, without a
 * docker command, which an engine's machine may not have. Rejects with the socket's own error code.
 */
export async function callEngine(
  endpoint: Endpoint,
  path: string,
  env: NodeJS.ProcessEnv,
  call: EngineCall,
): Promise<EngineAnswer> {
  const signal = AbortSignal.timeout(call.timeoutMs);
  const request = await open(
    endpoint,
    { ...env, ...endpoint.env },
    {
      method: call.method ?? "GET",
      path,
      headers: { Host: "docker", ...call.headers },
      signal,
      agent: false,
    },
  );
  return new Promise<EngineAnswer>((resolve, reject) => {
    request.on("error", reject);
    request.on("response", (response) => {
      let body = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => (body += chunk));
      response.on("error", reject);
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body }));
    });
    if (call.body === undefined) {
      request.end();
    } else {
      call.body.on("error", (error) => request.destroy(error));
      call.body.pipe(request);
    }
  });
}

/**
 * What went wrong in a pull or an import: the engine reports it as a status or, once it has begun to answer, as a line
 * of JSON. Undefined when all went well.
 */
export function streamFailure(status: number, body: string): string | undefined {
  if (status !== 200) return `status ${status}: ${body.trim()}`;
  for (const line of body.split("\n").filter((text) => text.trim() !== "")) {
    const error = member(JSON.parse(line), "error");
    if (typeof error === "string") return error;
  }
  return undefined;
}

async function open(
  { host }: Endpoint,
  env: NodeJS.ProcessEnv,
  options: RequestOptions,
): Promise<ClientRequest> {
  if (host.startsWith("unix://")) {
    return httpRequest({ ...options, socketPath: host.slice("unix://".length) });
  }
  const url = new URL(host);
  if (url.protocol === "ssh:") {
    const own = { ...options, createConnection: () => overSsh(url, env) };
    // `agent: false` would make Node ignore `createConnection`.
    delete own.agent;
    return httpRequest(own);
  }
  const certificates = env["DOCKER_CERT_PATH"];
  const secure = url.protocol === "https:" || Boolean(env["DOCKER_TLS_VERIFY"]);
  const target = { ...options, host: url.hostname, port: url.port || (secure ? 2376 : 2375) };
  if (!secure) return httpRequest(target);
  const read = async (name: string): Promise<Buffer | undefined> =>
    certificates === undefined ? undefined : readFile(join(certificates, name));
  const [ca, cert, key] = await Promise.all([read("ca.pem"), read("cert.pem"), read("key.pem")]);
  return httpsRequest({
    ...target,
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    rejectUnauthorized: Boolean(env["DOCKER_TLS_VERIFY"]),
  });
}

/** The docker command's own way over ssh: the far machine's docker command speaks to its socket. */
function overSsh(url: URL, env: NodeJS.ProcessEnv): Duplex {
  const target = url.username === "" ? url.hostname : `${url.username}@${url.hostname}`;
  const port = url.port === "" ? [] : ["-p", url.port];
  const args = ["-o", "BatchMode=yes", "-o", "ConnectTimeout=2", ...port, "--", target];
  const child = spawn("ssh", [...args, "docker", "system", "dial-stdio"], {
    stdio: ["pipe", "pipe", "ignore"],
    env,
  });
  const duplex = Duplex.from({ readable: child.stdout, writable: child.stdin });
  child.on("error", (error) => duplex.destroy(error));
  duplex.on("close", () => child.kill());
  return duplex;
}

import "./no-debugger.ts";
import { startApp } from "./app.ts";
import { ConfigError, parseConfig } from "./config.ts";
import type { ServerConfig } from "./config.ts";
import { createStopper } from "./drain.ts";
import { createLogger } from "./logging.ts";
import { SERVER_VERSION } from "./version.ts";

/** How long a server with `FAULT=exit` lives: long enough to look started. */
const EXIT_FAULT_MS = 1000;

async function main(): Promise<void> {
  let config: ServerConfig;
  try {
    config = parseConfig(process.env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
    return;
  }
  const log = createLogger(config);
  const die = (error: unknown, what: string): never => {
    log.fatal({ error }, what);
    process.exit(1);
  };
  process.on("uncaughtException", (error) => die(error, "uncaught exception"));
  // A promise that nobody waits for has no request to fail, and must not end everybody else's.
  process.on("unhandledRejection", (error) => log.error({ error }, "unhandled rejection"));
  const { fault } = config;
  if (fault.kind !== "none") {
    log.warn({ fault }, "FAULT is set: THIS SERVER MISBEHAVES ON PURPOSE; unset it outside drills");
  }
  const app = await startApp(config, log).catch((error: unknown) =>
    die(error, "the server cannot start"),
  );
  const stop = createStopper({
    activity: app.activity,
    stopListening: app.stopListening,
    close: app.close,
    log,
    drainMs: config.drainMs,
    exit: (code) => process.exit(code),
  });
  process.on("SIGTERM", (signal) => void stop(signal));
  process.on("SIGINT", (signal) => void stop(signal));
  log.info(
    {
      version: SERVER_VERSION,
      release: config.release,
      domain: config.domain,
      port: config.port,
      metricsPort: config.metricsPort,
      node: process.versions.node,
    },
    "listening",
  );
  if (fault.kind === "exit")
    setTimeout(() => die(new Error("FAULT=exit"), "exiting on purpose"), EXIT_FAULT_MS);
}

await main();

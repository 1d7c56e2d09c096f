import { pino } from "pino";
import type { DestinationStream, Logger } from "pino";
import type { ServerConfig } from "./config.ts";

export type { Logger };

/** What of an error may be logged: its kind and message, and a database's SQLSTATE or errno. */
function describeError(error: unknown): { name: string; message: string; code?: string } {
  if (!(error instanceof Error)) return { name: "Unknown", message: String(error) };
  const code = "code" in error && typeof error.code === "string" ? error.code : undefined;
  return { name: error.name, message: error.message, ...(code !== undefined && { code }) };
}

type LogSettings = Pick<ServerConfig, "name" | "environment" | "logLevel" | "logFormat">;

/**
 * One JSON object per line on standard output: timestamp, level (upper case), service, environment,
 * message, and the fields of the event. Argument values, headers and bodies are never passed in.
 */
export function createLogger(settings: LogSettings, sink?: DestinationStream): Logger {
  const out = sink ?? pino.destination({ dest: 1, sync: true });
  return pino(
    {
      level: settings.logLevel,
      base: { service: settings.name, environment: settings.environment },
      messageKey: "message",
      timestamp: () => `,"timestamp":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label.toUpperCase() }) },
      serializers: { error: describeError },
    },
    settings.logFormat === "text" ? textSink(out) : out,
  );
}

/** For a person at a terminal: `12:00:00.000 INFO book-planning message key=value`. */
function textSink(out: DestinationStream): DestinationStream {
  return {
    write(line: string) {
      const { timestamp, level, service, message, ...rest } = JSON.parse(line) as Record<
        string,
        unknown
      >;
      const fields = Object.entries(rest)
        .filter(([key]) => key !== "environment")
        .map(
          ([key, value]) => `${key}=${typeof value === "string" ? value : JSON.stringify(value)}`,
        );
      out.write(`${[timestamp, level, service, message, ...fields].join(" ")}\n`);
    },
  };
}

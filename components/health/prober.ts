import { TransportError, WorkloadGoneError } from "../platform/transport.ts";
import type { Targets, Transport } from "../platform/transport.ts";
import {
  excerpt,
  fail,
  inconclusive,
  terminal,
  unaskable,
  type Answer,
  type Finding,
} from "./answer.ts";
import { systemClock, type Clock } from "./clock.ts";
import { Connections } from "./connections.ts";
import { NoTargetError, type ProbeContext } from "./context.ts";
import { describeProbe, isMeasurement } from "./describe.ts";
import type { Probe } from "./probe.schema.ts";
import { askCommand } from "./probes/command.ts";
import { askFileSystem } from "./probes/file-system.ts";
import { askHttp } from "./probes/http.ts";
import { askMcp } from "./probes/mcp.ts";
import { askMetrics } from "./probes/metrics.ts";
import { askPostgres } from "./probes/postgres.ts";
import { askPromql } from "./probes/promql.ts";
import { askScript } from "./probes/script.ts";
import { askState } from "./probes/state.ts";
import { askTcp } from "./probes/tcp.ts";
import { SecretError, Secrets, type SecretSource } from "./secrets.ts";
import { Shared } from "./shared.ts";

export interface ProberOptions {
  readonly transport: Transport;
  /** Where the components of the release that is judged run. */
  readonly targets: Targets;
  /** Default: there are none, and a probe that names one is an error. */
  readonly secrets?: SecretSource;
  readonly clock?: Clock;
}

/**
 * Asks probes about one release. Keeps connections, and what a probe has to remember between attempts; close it when
 * the judging is over. The transport is the caller's.
 */
export class Prober {
  readonly #options: ProberOptions;
  readonly #clock: Clock;
  readonly #secrets: Secrets;
  readonly #connections: Connections;
  readonly #shared: Shared;
  readonly #memory = new Map<string, Map<string, unknown>>();

  constructor(options: ProberOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#connections = new Connections(options.transport);
    this.#shared = new Shared(this.#clock);
    this.#secrets = new Secrets(
      options.secrets ?? (() => Promise.reject(new Error("no secrets are known here"))),
    );
  }

  /** One attempt; never rejects, but for the signal's reason. Bound to the instance, so that it can be passed on. */
  readonly ask = async (probe: Probe, signal: AbortSignal): Promise<Answer> => {
    const started = this.#clock.now();
    const { transport, targets } = this.#options;
    const memory = this.#memory.get(probe.name) ?? new Map<string, unknown>();
    this.#memory.set(probe.name, memory);
    const context: ProbeContext = {
      transport,
      targets,
      secrets: this.#secrets,
      connections: this.#connections,
      shared: this.#shared,
      clock: this.#clock,
      signal,
      memory,
    };
    let finding: Finding;
    try {
      finding = await askOnce(probe, context);
    } catch (error) {
      signal.throwIfAborted();
      finding = explain(probe, error);
    }
    return {
      ...finding,
      detail: this.#secrets.strike(finding.detail),
      ms: Math.round(this.#clock.now() - started),
    };
  };

  close(): void {
    this.#connections.close();
  }
}

function askOnce(probe: Probe, context: ProbeContext): Promise<Finding> {
  switch (probe.kind) {
    case "state":
      return askState(probe, context);
    case "http":
      return askHttp(probe, context);
    case "tcp":
      return askTcp(probe, context);
    case "command":
      return askCommand(probe, context);
    case "file_system":
      return askFileSystem(probe, context);
    case "postgres":
      return askPostgres(probe, context);
    case "mcp":
      return askMcp(probe, context);
    case "promql":
      return askPromql(probe, context);
    case "metrics":
      return askMetrics(probe, context);
    case "script":
      return askScript(probe, context);
  }
}

/** What went wrong on the way, in words. */
const networkFaults: Readonly<Record<string, string>> = {
  ECONNREFUSED: "connection refused, nothing listens there",
  ECONNRESET: "connection was cut",
  EPIPE: "connection was cut",
  EHOSTUNREACH: "no way there",
  ENETUNREACH: "no way there",
  ETIMEDOUT: "no answer to the connection attempt",
};

/** Faults of whoever asks: they say nothing about the subject. */
const ours = [TransportError, SecretError];

function explain(probe: Probe, error: unknown): Finding {
  const asked = describeProbe(probe);
  if (error instanceof WorkloadGoneError) return terminal(`${asked}: ${error.message}`);
  // Waiting does not make it part of the release.
  if (error instanceof NoTargetError) {
    return { ...unaskable(`${asked}: ${error.message}`), terminal: true };
  }
  if (!(error instanceof Error)) return unaskable(`${asked}: ${String(error)}`);
  if (ours.some((kind) => error instanceof kind)) {
    return unaskable(`${asked}: ${excerpt(error.message)}`);
  }
  const { code } = error as NodeJS.ErrnoException;
  const known = code === undefined ? undefined : networkFaults[code];
  const detail = `${asked}: ${known ?? excerpt(error.message)}`;
  return isMeasurement(probe) ? inconclusive(detail) : fail(detail);
}

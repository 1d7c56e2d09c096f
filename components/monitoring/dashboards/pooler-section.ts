import { notMatching, select } from "../metrics/select.ts";
import type { Limits } from "./limits.ts";
import type { Section } from "./panel-spec.ts";
import { timeSeries } from "./panels.ts";
import { rate } from "./shared.ts";

/** The console of the pooler is a database of its own. */
export const pool = { database: notMatching("pgbouncer") };

/** What stands between the servers and PostgreSQL. */
export function poolerSection(limits: Limits): Section {
  return {
    title: "Pooler",
    panels: [
      timeSeries({
        title: "Clients",
        description: "Linked to a connection of the pooler, or idle.",
        unit: "short",
        width: 6,
        min: 0,
        queries: [
          {
            expr: `sum(${select("pgbouncer_pools_client_active_connections", pool)})`,
            legend: "active",
          },
        ],
      }),
      timeSeries({
        title: "Clients waiting over time",
        description: "Clients that wait for a connection of the pooler, by login.",
        unit: "short",
        width: 6,
        min: 0,
        queries: [
          {
            expr: `sum by (user) (${select("pgbouncer_pools_client_waiting_connections", pool)})`,
            legend: "{{user}}",
          },
        ],
        limit: limits.clientsWaiting,
      }),
      timeSeries({
        title: "Connections to PostgreSQL",
        description: "By what they do: serving a client, ready, or to be checked before use.",
        unit: "short",
        width: 6,
        min: 0,
        stacked: true,
        queries: [
          {
            expr: `sum(${select("pgbouncer_pools_server_active_connections", pool)})`,
            legend: "serving",
          },
          {
            expr: `sum(${select("pgbouncer_pools_server_idle_connections", pool)})`,
            legend: "ready",
          },
          {
            expr: `sum(${select("pgbouncer_pools_server_used_connections", pool)})`,
            legend: "to be checked",
          },
        ],
      }),
      timeSeries({
        title: "Longest wait",
        description: "How long the first client in the queue of a login has waited.",
        unit: "s",
        width: 6,
        min: 0,
        queries: [
          {
            expr: `max by (user) (${select("pgbouncer_pools_client_maxwait_seconds", pool)})`,
            legend: "{{user}}",
          },
        ],
        limit: limits.clientWaitSeconds,
      }),
      timeSeries({
        title: "Statements and transactions",
        description: "Through the pooler, per second.",
        unit: "ops",
        width: 12,
        min: 0,
        queries: [
          {
            expr: `sum(${rate("pgbouncer_stats_queries_pooled_total", pool)})`,
            legend: "statements",
          },
          {
            expr: `sum(${rate("pgbouncer_stats_sql_transactions_pooled_total", pool)})`,
            legend: "transactions",
          },
        ],
      }),
      timeSeries({
        title: "Time of a statement, mean",
        description: "In PostgreSQL, and the wait for a connection before it.",
        unit: "s",
        width: 12,
        min: 0,
        queries: [
          {
            expr: `sum(${rate("pgbouncer_stats_queries_duration_seconds_total", pool)}) / (sum(${rate("pgbouncer_stats_queries_pooled_total", pool)}) > 0)`,
            legend: "statement",
          },
          {
            expr: `sum(${rate("pgbouncer_stats_client_wait_seconds_total", pool)}) / (sum(${rate("pgbouncer_stats_queries_pooled_total", pool)}) > 0)`,
            legend: "wait",
          },
        ],
      }),
    ],
  };
}

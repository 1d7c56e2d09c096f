/**
 * `uid:gid` of each image's user; the Dockerfiles create the same numbers. Distinct, so that a file readable by one
 * service is not readable by another, and far from the ids that distributions hand out.
 */
export const users = {
  postgres: "10070:10070",
  pgbouncer: "10071:10071",
  haproxy: "10072:10072",
  prometheus: "10073:10073",
  alertmanager: "10074:10074",
  "postgres-exporter": "10075:10075",
  "pgbouncer-exporter": "10076:10076",
  "mcp-server": "10077:10077",
} as const;

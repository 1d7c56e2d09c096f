import { z } from "zod";

/**
 * Words that every part of the fleet file shares. Each schema says in its message what is allowed and how to fix it;
 * the loader adds the path and what was given.
 */

/** Lower-case DNS label: becomes a container name, a route, a database schema and a metric label. */
export const slug = z
  .string()
  .max(40, {
    error: "at most 40 characters, so that derived names stay below the 63 of DNS; shorten it",
  })
  .regex(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/, {
    error:
      "lower-case letters, digits and single dashes, starting with a letter, as in book-planning",
  });

/** Host or container port that an unprivileged process can open. */
export const port = z
  .int({ error: "a whole number from 1024 to 65535" })
  .min(1024, { error: "ports below 1024 need root; pick 1024-65535" })
  .max(65535, { error: "the highest port is 65535; pick 1024-65535" });

/** PostgreSQL-style memory size: `256MB`, `1GB`. */
export const memorySize = z.string().regex(/^[1-9][0-9]*(kB|MB|GB)$/, {
  error: "a whole number with a PostgreSQL unit (kB, MB or GB), as in 256MB",
});

/**
 * Image reference: `[registry[:port]/]name[:tag][@sha256:digest]`, as the OCI distribution specification writes it.
 */
export const imageReference = z
  .string()
  .max(255, { error: "at most 255 characters" })
  .regex(
    /^(?:(?:[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?(?::[0-9]{1,5})?)\/)?[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*(?::[A-Za-z0-9_][A-Za-z0-9._-]{0,127})?(?:@sha256:[a-f0-9]{64})?$/,
    {
      error:
        "an image reference such as registry.example:5000/team/scene:1.4 or name@sha256:<64 hex digits>",
    },
  );

/** Seconds, whole and positive. */
export const seconds = (min: number, max: number) =>
  z
    .int({ error: `whole seconds from ${min} to ${max}` })
    .min(min, { error: `at least ${min} s` })
    .max(max, { error: `at most ${max} s` });

/** Memory limit of a container, MiB. */
export const memoryMb = z
  .int({ error: "whole MiB" })
  .min(16, { error: "at least 16 MiB" })
  .max(262_144, { error: "at most 262144 MiB (256 GiB)" });

/** CPU limit of a container, cores. */
export const cpus = z
  .number({ error: "a number of cores, as in 0.5" })
  .min(0.05, { error: "at least 0.05 cores" })
  .max(256, { error: "at most 256 cores" });

/** Environment variable names and values of a workload. Never a place for secrets: `docker inspect` shows them. */
export const environment = z.record(
  z
    .string()
    .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, { error: "an environment variable name such as LOG_LEVEL" }),
  z.string({ error: "a string; put numbers and booleans in quotes" }),
);

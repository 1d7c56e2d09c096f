import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

/** Suites that need nothing but Node.js. */
const quick = {
  setupFiles: ["test/setup.ts"],
  // Milliseconds each; what takes a minute on a machine with nothing to spare is a fault.
  testTimeout: 60_000,
  hookTimeout: 60_000,
  // Loading the SDK, zod and the compiler anew for each file was half of the run. So no test here may leave
  // anything behind in the process: environment, working directory, module state.
  isolate: false,
  // Half of loading the SDK is loading parts of it that no test here uses.
  execArgv: ["--require", "./toolchain/lazy-parts.cjs"],
  // Tests that wait for child processes leave a processor idle: one more worker than processors keeps it busy.
  maxWorkers: availableParallelism() + 1,
};

/** Suites in the order of `./fleet test`: each needs more of the machine than the one before it. */
export default defineConfig({
  test: {
    // Transformed modules are kept under `node_modules`, by content and configuration: a second run transforms nothing.
    experimental: { fsModuleCache: true },
    projects: [
      {
        // Functions and components: what is run after every change.
        test: {
          name: "unit",
          include: ["test/{bench,components,infra,servers}/**/*.test.ts"],
          ...quick,
        },
      },
      {
        // What fetches, builds, starts and replaces Pulumi, its plugins and Docker: by many processes of its own.
        test: { name: "toolchain", include: ["test/toolchain/**/*.test.ts"], ...quick },
      },
      {
        // Real programs (postgres, haproxy, promtool ...), in our own images, judge what is rendered.
        test: {
          name: "artefacts",
          include: ["test/artefacts/**/*.test.ts"],
          testTimeout: 120_000,
          hookTimeout: 300_000,
          fileParallelism: false,
        },
      },
      {
        // Probes, and the stand-ins for plugins, on the real Docker: one container at a time, no fleet.
        test: {
          name: "containers",
          include: ["test/containers/**/*.test.ts"],
          testTimeout: 600_000,
          hookTimeout: 900_000,
          fileParallelism: false,
        },
      },
      {
        // Commands as people type them, where no fleet is needed: refusals, previews.
        test: {
          name: "cli",
          include: ["test/cli/**/*.test.ts"],
          testTimeout: 300_000,
          hookTimeout: 300_000,
          fileParallelism: false,
        },
      },
      {
        // Pulumi's real engine: the release engine's properties and crashes, the stand-ins for plugins.
        test: {
          name: "engine",
          include: ["test/engine/**/*.test.ts"],
          testTimeout: 300_000,
          hookTimeout: 300_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: "docker",
          include: ["test/docker/**/*.test.ts"],
          testTimeout: 600_000,
          hookTimeout: 900_000,
          fileParallelism: false,
        },
      },
      {
        // A real cluster, built from package registries; the first run takes the time of that build too.
        test: {
          name: "kubernetes",
          include: ["test/kubernetes/**/*.test.ts"],
          testTimeout: 600_000,
          hookTimeout: 1_200_000,
          fileParallelism: false,
        },
      },
      {
        // Every drill of the transaction: most of an hour, so not part of `./fleet test` as a whole.
        test: {
          name: "drills",
          include: ["test/docker/drills/all.drills.ts"],
          testTimeout: 600_000,
          hookTimeout: 900_000,
        },
      },
      {
        // Every part stopped until its alert is told, and ten quiet minutes: three quarters of an hour. And the rules,
        // judged by the current releases, which are built once.
        test: {
          name: "alerts",
          include: [
            "test/docker/alerts/alerts.drills.ts",
            "test/artefacts/current-prometheus/current-prometheus.drills.ts",
          ],
          testTimeout: 600_000,
          hookTimeout: 900_000,
        },
      },
    ],
  },
});

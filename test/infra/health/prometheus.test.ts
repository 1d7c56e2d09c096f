import { expect, it } from "vitest";
import { PrometheusQueries } from "../../../infra/dashboards/prometheus-queries.ts";
import type { FetchBy } from "../../../infra/health/report.ts";
import { checkTargets } from "../../../infra/health/prometheus.ts";

const target = (job: string, namespace: string, health = "up") => ({
  ...{ labels: { job, namespace }, health, lastError: health === "up" ? "" : "refused" },
});
const answering =
  (...activeTargets: readonly object[]) =>
  () =>
    Promise.resolve(Response.json({ data: { activeTargets } }));
const targets = [target("scene", "fleet"), target("scene", "other", "down")];

it("counts every target of a Prometheus of the fleet's own", async () => {
  expect(await checkTargets("http://p", answering(...targets))).toMatchObject({
    ...{ healthy: false, detail: "1 of 2 up; scene: refused" },
  });
});

/** A Prometheus with the targets of others, too: job -> pod -> `up`. */
const among =
  (
    jobs: Readonly<Record<string, Readonly<Record<string, number>>>>,
    asked: string[] = [],
  ): FetchBy =>
  (url, init) => {
    asked.push(`${String(url)} ${typeof init?.body === "string" ? init.body : ""}`);
    const result = Object.entries(jobs).flatMap(([job, pods]) =>
      Object.entries(pods).map(([pod, up]) => ({
        metric: { job, pod },
        value: [1, String(up)],
      })),
    );
    return Promise.resolve(
      Response.json({ status: "success", data: { resultType: "vector", result } }),
    );
  };
const foreign = { scope: { namespace: "fleet" }, jobs: ["scene", "gateway"] };

it("asks for the fleet's targets alone where Prometheus has others", async () => {
  const asked: string[] = [];
  const fetchBy = among({ scene: { "scene-0": 1, "scene-1": 1 }, gateway: { g: 1 } }, asked);
  expect(await checkTargets("http://p", fetchBy, foreign)).toMatchObject({
    ...{ healthy: true, detail: "3 of 3 up" },
  });
  expect(asked).toHaveLength(1);
  expect(decodeURIComponent(asked[0]!)).toContain('up{namespace="fleet"}');
});

it("names what is down there, and what nobody scrapes", async () => {
  const fetchBy = among({ scene: { "scene-0": 1, "scene-1": 0 } });
  expect(await checkTargets("http://p", fetchBy, foreign)).toMatchObject({
    healthy: false,
    detail: "1 of 2 up; scene: scene-1 is down; without a target: gateway",
  });
});

it("says what to look at where that Prometheus has none of the fleet", async () => {
  const scope = { namespace: "new" };
  const found = await checkTargets("http://p", among({}), { ...foreign, scope });
  expect(found.healthy).toBe(false);
  expect(found.detail).toContain("Prometheus has none with namespace=new");
  expect(found.detail).toContain("kubernetes.monitoring.existing");
});

it("has dashboards drawn of the fleet's series alone", async () => {
  const asked: string[] = [];
  const queries = new PrometheusQueries(
    "http://p",
    (url, init) => {
      const form = typeof init?.body === "string" ? init.body : "";
      asked.push(decodeURIComponent(`${String(url)} ${form}`));
      const data = String(url).includes("values") ? [] : { resultType: "vector", result: [] };
      return Promise.resolve(Response.json({ status: "success", data }));
    },
    { namespace: "fleet" },
  );
  await queries.instant("sum(up)", 1);
  await queries.range("up", { from: 1, to: 2, step: 1 });
  await queries.labelValues("up", "job", { from: 1, to: 2, step: 1 });
  expect(asked).toHaveLength(3);
  for (const question of asked) expect(question).toContain('up{namespace="fleet"}');
});

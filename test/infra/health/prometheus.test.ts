import { expect, it } from "vitest";
import { PrometheusQueries } from "../../../infra/dashboards/prometheus-queries.ts";
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

it("counts the fleet's targets alone where Prometheus has others", async () => {
  const scope = { namespace: "fleet" };
  expect(await checkTargets("http://p", answering(...targets), scope)).toMatchObject({
    ...{ healthy: true, detail: "1 of 1 up" },
  });
});

it("says what to look at where that Prometheus has none of the fleet", async () => {
  const found = await checkTargets("http://p", answering(...targets), { namespace: "new" });
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

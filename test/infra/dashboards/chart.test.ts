import { expect, it } from "vitest";
import { inRows } from "../../../infra/dashboards/preview/chart.ts";

/** A label takes a quarter of it. */
const span = { from: 1000, to: 2000 };
const placed = (...times: readonly number[]) =>
  inRows(
    times.map((at) => ({ at, text: `at ${at}`, color: "red" })),
    span,
    8.8,
  ).map(({ at, row, side }) => [at, row, side]);

it("puts labels of marks that are close below each other, and uses a row again as soon as it is free", () => {
  expect(placed(1100, 1150, 1360, 1400)).toEqual([
    [1100, 0, "right"],
    [1150, 1, "right"],
    [1360, 0, "right"],
    [1400, 1, "right"],
  ]);
});

it("keeps labels of the last marks within the chart, and clear of those before", () => {
  expect(placed(1600, 1990)).toEqual([
    [1600, 0, "right"],
    [1990, 1, "left"],
  ]);
});

it("leaves out labels for which there is no room, but no line; in whatever order marks come", () => {
  const rows = placed(1250, 1240, 1230, 1220, 1210, 1200).map(([at, row]) => [at, row]);
  expect(rows).toEqual([
    [1200, 0],
    [1210, 1],
    [1220, 2],
    [1230, 3],
    [1240, undefined],
    [1250, undefined],
  ]);
});

import { describe, expect, it } from "vitest";
import { inspectPage } from "../../../infra/dashboards/preview/inspect-page.ts";

const section = (kind: string, body: string) =>
  `<section class="panel" data-panel="P" data-kind="${kind}" style=""><h2>P</h2>${body}</section>`;
const page = (...sections: string[]) =>
  `<html><body data-drawn="1"><main>${sections.join("")}</main></body></html>`;

const axis = '<path d="M0 1L9 1" fill="none" stroke="#2c323c">';
const legend = '<path d="M0 0L9 0Z" transform="translate(5 253)" fill="#5fa8e6">';
const threshold = '<path d="M0 1L9 1" fill="none" stroke="#d98a1f" stroke-dasharray="4,2">';

describe("a page as a browser has drawn it", () => {
  it.each([
    ["stat", '<span class="stat-value">7</span>'],
    ["bargauge", '<span class="bar-fill" style="width:3%"></span>'],
    ["table", "<table><tbody><tr><td>1</td></tr></tbody></table>"],
    ["timeseries", `${axis}<path d="M0 1L9 2" fill="none" stroke="#5fa8e6">`],
    ["timeseries", `${axis}<path d="M1 0A1 1 0 1 1 1 -0.0001" fill="#5fa8e6">`],
    ["heatmap", '<path d="M0 0l3 0Z" fill="rgb(47,91,143)">'],
    ["timeseries", '<div class="empty" data-empty="allowed">nothing failed</div>'],
  ])("has a %s that shows something", (kind, body) => {
    expect(inspectPage(page(section(kind, body)))).toMatchObject({ panels: 1, problems: [] });
  });

  it.each([
    ["stat", '<span class="stat-value"></span>'],
    ["bargauge", '<div class="bars"></div>'],
    ["table", "<table><tbody></tbody></table>"],
    ["timeseries", '<div class="chart"></div>'],
    ["timeseries", `${axis}${legend}${threshold}`],
    ["heatmap", axis],
    ["timeseries", '<div class="empty" data-empty="unexpected">No data</div>'],
    ["piechart", "<b>?</b>"],
  ])("has a %s that is empty", (kind, body) => {
    expect(inspectPage(page(section(kind, body))).problems).toEqual([`P (${kind}) is empty`]);
  });

  it("counts panels that say why they are empty", () => {
    const quiet = section("timeseries", '<div class="empty" data-empty="allowed"></div>');
    const full = section("stat", '<span class="stat-value">7</span>');
    expect(inspectPage(page(quiet, full, quiet))).toEqual({
      panels: 3,
      explained: 2,
      problems: [],
    });
  });

  it("is no page without panels, or when its script has failed", () => {
    expect(inspectPage("<html><body></body></html>").problems).toEqual([
      "the page has no panels",
      "the script of the page did not end",
    ]);
  });
});

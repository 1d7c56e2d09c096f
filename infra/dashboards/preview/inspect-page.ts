export interface Inspected {
  readonly panels: number;
  /** Panels that have nothing to show and say why. */
  readonly explained: number;
  /** Panels in which nothing is drawn although something should be, by title. */
  readonly problems: readonly string[];
}

/**
 * Looks at a page as a browser has drawn it: every panel has to hold a value, a bar, a row, a line or a cell, or say why
 * not.
 *
 * @param html the document after its script has run.
 */
export function inspectPage(html: string): Inspected {
  const panels = [
    ...html.matchAll(
      /<section class="panel" data-panel="([^"]*)" data-kind="(\w+)"[^]*?<\/section>/g,
    ),
  ];
  const explained = panels.filter(([panel]) => panel.includes('data-empty="allowed"'));
  const problems = panels
    .filter(
      ([panel, , kind = ""]) => !panel.includes('data-empty="allowed"') && !isDrawn(panel, kind),
    )
    .map(([, title = "", kind = ""]) => `${title} (${kind}) is empty`);
  const drawn = /<body[^>]* data-drawn="(\d+)"/.exec(html)?.[1];
  return {
    panels: panels.length,
    explained: explained.length,
    problems: [
      ...(panels.length > 0 ? [] : ["the page has no panels"]),
      ...(drawn === undefined ? ["the script of the page did not end"] : []),
      ...problems,
    ],
  };
}

function isDrawn(panel: string, kind: string): boolean {
  switch (kind) {
    case "stat":
      return /class="stat-value">[^<]+</.test(panel);
    case "bargauge":
      return panel.includes('class="bar-fill"');
    case "table":
    case "history":
      return /<tbody><tr>/.test(panel);
    case "timeseries":
      return pathsOf(panel).some(isLine);
    case "heatmap":
      return pathsOf(panel).some(({ fill }) => !quiet.has(fill));
    default:
      return false;
  }
}

/** Colours of axes, and of what cannot be seen. */
const quiet: ReadonlySet<string> = new Set(["none", "transparent", "#2c323c", "#8b93a1"]);

interface Path {
  readonly stroke: string;
  readonly fill: string;
  readonly dashed: boolean;
  /** A circle around a single point. */
  readonly point: boolean;
}

/** A line of a series: thresholds are dashed, what the legend shows is filled. */
function isLine({ stroke, fill, dashed, point }: Path): boolean {
  return !dashed && (point || (fill === "none" && !quiet.has(stroke)));
}

function pathsOf(panel: string): Path[] {
  return [...panel.matchAll(/<path [^>]*d="([^"]+)"[^>]*>/g)].map(([path, d = ""]) => {
    const of = (name: string) =>
      new RegExp(` ${name}="([^"]+)"`).exec(path)?.[1]?.toLowerCase() ?? "none";
    return {
      stroke: of("stroke"),
      fill: of("fill"),
      dashed: path.includes("stroke-dasharray"),
      point: /^M1 0A1 1/.test(d),
    };
  });
}

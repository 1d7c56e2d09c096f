import type { PanelFile } from "../../../components/monitoring/dashboards/read-dashboard.ts";
import type { AnsweredPanel } from "../answer-dashboard.ts";
import { escaped } from "./html.ts";
import { lastValue } from "./series-name.ts";
import { shown } from "./stat-panel.ts";

type Row = Map<string, string | number>;

/** Where a link of a dashboard leads within the preview; undefined: nowhere. */
export type Addresses = (url: string, value: string) => string | undefined;

/** Rows of all queries, brought together where their labels agree; columns in the order of the panel. */
export function tablePanel(answered: AnsweredPanel, addresses: Addresses): string {
  const { panel } = answered;
  const columns = columnsOf(panel);
  const rows = rowsOf(answered).sort((a, b) => compare(a, b, columns));
  const head = columns
    .map(
      ({ field, title }) =>
        `<th${field.startsWith("Value") ? " class=number" : ""}>${escaped(title)}</th>`,
    )
    .join("");
  const body = rows.map(
    (row) =>
      `<tr>${columns.map(({ field, title }) => cell(panel, title, row.get(field), addresses)).join("")}</tr>`,
  );
  return `<div class="scroll"><table><thead><tr>${head}</tr></thead><tbody>${body.join("")}</tbody></table></div>`;
}

function columnsOf(panel: PanelFile): { field: string; title: string }[] {
  const organize = panel.transformations?.find(({ id }) => id === "organize")?.options ?? {};
  const index = organize["indexByName"] as Readonly<Record<string, number>>;
  const names = organize["renameByName"] as Readonly<Record<string, string>>;
  return Object.keys(index)
    .sort((a, b) => index[a]! - index[b]!)
    .map((field) => ({ field, title: names[field] ?? field }));
}

/** A row of a later query joins the first one whose labels, where both have them, are the same. */
function rowsOf({ answers }: AnsweredPanel): Row[] {
  const rows: { labels: Readonly<Record<string, string>>; row: Row }[] = [];
  for (const { target, series } of answers) {
    const field = answers.length > 1 ? `Value #${target.refId ?? ""}` : "Value";
    for (const one of series) {
      const { labels } = one;
      const value = lastValue(one) ?? NaN;
      const known = rows.find(({ labels: other, row }) => {
        const common = Object.keys(labels).filter((label) => other[label] !== undefined);
        return (
          !row.has(field) &&
          common.length > 0 &&
          common.every((label) => other[label] === labels[label])
        );
      });
      if (known) {
        known.labels = { ...known.labels, ...labels };
        for (const [label, text] of Object.entries(labels)) known.row.set(label, text);
        known.row.set(field, value);
      } else {
        const row: Row = new Map<string, string | number>(Object.entries(labels));
        rows.push({ labels, row: row.set(field, value) });
      }
    }
  }
  return rows.map(({ row }) => row);
}

function cell(
  panel: PanelFile,
  title: string,
  value: string | number | undefined,
  addresses: Addresses,
): string {
  if (value === undefined || Number.isNaN(value)) return "<td class=none>–</td>";
  const { defaults, link, coloured } = columnDefaults(panel, title);
  if (typeof value === "string") {
    const address = link === undefined ? undefined : addresses(link, value);
    const text = escaped(value);
    return `<td>${address === undefined ? text : `<a href="${escaped(address)}">${text}</a>`}</td>`;
  }
  const { text, color } = shown(value, defaults);
  return `<td class="number"${coloured ? ` style="background:${color}"` : ""}>${escaped(text)}</td>`;
}

/** What the panel says of one column, over what it says of all. */
function columnDefaults({ fieldConfig }: PanelFile, title: string) {
  const properties = (fieldConfig?.overrides ?? [])
    .filter(({ matcher }) => matcher.id === "byName" && matcher.options === title)
    .flatMap((override) => override.properties);
  const of = <T>(id: string) =>
    properties.find((property) => property.id === id)?.value as T | undefined;
  const own = {
    ...fieldConfig?.defaults,
    ...Object.fromEntries(
      (["unit", "decimals", "mappings", "thresholds"] as const).flatMap((id) => {
        const value = of(id);
        return value === undefined ? [] : [[id, value]];
      }),
    ),
  };
  return {
    defaults: own,
    link: of<readonly { url: string }[]>("links")?.[0]?.url,
    coloured: of("custom.cellOptions") !== undefined,
  };
}

function compare(a: Row, b: Row, columns: readonly { field: string }[]): number {
  for (const { field } of columns) {
    const [left, right] = [a.get(field), b.get(field)].map((value) => String(value ?? ""));
    if (left !== right) return left! < right! ? -1 : 1;
  }
  return 0;
}

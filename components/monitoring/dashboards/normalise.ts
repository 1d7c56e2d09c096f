import { createHash } from "node:crypto";
import type { Dashboard, Panel, RowPanel } from "@grafana/grafana-foundation-sdk/dashboard";

/**
 * The file that Grafana loads. The SDK leaves panels without `id`, gives every row the id 0 and targets no `refId`, and
 * its keys come in the order of the calls. Here: ids from titles, so that a panel keeps its address when another one is
 * added; letters from the order of the queries; keys in order. The same dashboard gives the same bytes, and what is
 * normal already stays as it is.
 */
export function normaliseDashboard(dashboard: Dashboard): string {
  const { id: _id, version: _version, ...kept } = dashboard;
  const normal = { ...kept, panels: (dashboard.panels ?? []).map(normalisePanel) };
  return `${JSON.stringify(inOrder(normal), undefined, 2)}\n`;
}

function normalisePanel(panel: Panel | RowPanel): object {
  if (panel.type === "row") return { ...panel, id: panelId(`row ${panel.title ?? ""}`) };
  return {
    ...panel,
    id: panelId(panel.title ?? ""),
    targets: ((panel as Panel).targets ?? []).map((target, index) => ({
      ...target,
      refId: refId(index),
    })),
  };
}

/** Positive and within 24 bits: exact as a number everywhere. */
export function panelId(title: string): number {
  return 1 + Number.parseInt(createHash("sha256").update(title).digest("hex").slice(0, 6), 16);
}

/** 0 -> A, 25 -> Z, 26 -> AA. */
export function refId(index: number): string {
  const letter = String.fromCharCode(65 + (index % 26));
  return index < 26 ? letter : refId(Math.floor(index / 26) - 1) + letter;
}

/** Keys of every object in alphabetical order; what is undefined is gone. */
function inOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inOrder);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, entry]) => entry !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, entry]) => [key, inOrder(entry)]),
  );
}

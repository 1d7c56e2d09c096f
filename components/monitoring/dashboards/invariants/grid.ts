import { gridColumns } from "../define-dashboard.ts";
import type { PanelFile } from "../read-dashboard.ts";

type Box = NonNullable<PanelFile["gridPos"]>;

/** Panels that lie outside of the grid or on top of each other. */
export function gridProblems(panels: readonly PanelFile[]): string[] {
  const placed: { readonly name: string; readonly box: Box }[] = [];
  const problems: string[] = [];
  for (const { title = "", gridPos: box } of panels) {
    const name = `"${title}"`;
    if (!box) {
      problems.push(`${name}: has no place in the grid; give it x, y, w and h`);
      continue;
    }
    const { x, y, w, h } = box;
    if (![x, y, w, h].every(Number.isInteger) || x < 0 || y < 0 || w < 1 || h < 1) {
      problems.push(`${name}: got x=${x} y=${y} w=${w} h=${h}; whole numbers, w and h at least 1`);
    } else if (x + w > gridColumns) {
      problems.push(
        `${name}: ends in column ${x + w} of ${gridColumns}; make it narrower or move it to the left`,
      );
    }
    for (const other of placed) {
      if (overlap(box, other.box))
        problems.push(`${name}: lies on ${other.name}; move one of them`);
    }
    placed.push({ name, box });
  }
  return problems;
}

function overlap(a: Box, b: Box): boolean {
  return a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
}

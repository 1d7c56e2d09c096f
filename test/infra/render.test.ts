import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { goldenFiles, goldenFolders, root } from "./golden.ts";

function filesBelow(folder: string): string[] {
  return readdirSync(join(root, folder)).flatMap((name) => {
    const path = `${folder}/${name}`;
    return statSync(join(root, path)).isDirectory() ? filesBelow(path) : [path];
  });
}

const update = "to accept it: node --import tsx test/infra/update-golden.ts";

describe("the rendered files of the writing fleet", () => {
  const rendered = goldenFiles();

  it("are those that are committed, and no others are", () => {
    const committed = goldenFolders.flatMap(filesBelow).sort();
    expect(committed, update).toEqual(Object.keys(rendered).sort());
  });

  it.each(Object.keys(rendered))("%s is as it is committed", (path) => {
    expect(
      rendered[path] === readFileSync(join(root, path), "utf8"),
      `${path} differs; ${update}`,
    ).toBe(true);
  });

  it("are the same bytes twice, and take two seconds at most", () => {
    const started = performance.now();
    const again = goldenFiles();
    const seconds = (performance.now() - started) / 1000;
    expect(again).toEqual(rendered);
    // Twice the time on a machine that does something else besides.
    expect(seconds).toBeLessThan(4);
  });

  it("hold a runbook behind every link of an alert", () => {
    const links = Object.entries(rendered)
      .filter(([path]) => path.endsWith(".rules.yml"))
      .flatMap(
        ([, text]) =>
          (parse(text) as { groups: { rules: { annotations?: { runbook_url: string } }[] }[] })
            .groups,
      )
      .flatMap(({ rules }) => rules.flatMap(({ annotations }) => annotations?.runbook_url ?? []));
    expect(links.length).toBeGreaterThan(50);
    for (const link of links) expect(Object.keys(rendered)).toContain(link);
    const index = rendered["docs/runbooks/README.md"]!;
    for (const [, target] of index.matchAll(/\]\((\w+\.md)\)/g)) {
      expect(Object.keys(rendered)).toContain(`docs/runbooks/${target}`);
    }
    expect([...index.matchAll(/\]\(/g)]).toHaveLength(links.length);
  });
});

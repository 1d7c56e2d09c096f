import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { goldenFiles, goldenFolders, root } from "./golden.ts";

/** `node --import tsx test/infra/update-golden.ts`: writes the committed rendered files anew. Review the difference. */
for (const folder of goldenFolders) rmSync(join(root, folder), { recursive: true, force: true });
for (const [path, content] of Object.entries(goldenFiles())) {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), content);
}

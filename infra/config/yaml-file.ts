import { existsSync, readFileSync, statSync } from "node:fs";
import { relative } from "node:path";
import {
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  visit,
  type Document,
  type Node,
} from "yaml";
import { formatProblem, type Path, type Problem } from "./problems.ts";

/** No fleet is this long; a wrong path may lead to anything. */
const maxBytes = 1_048_576;

/** Anchors may be used, a document that grows a thousandfold by them may not. */
const maxAliases = 100;

/** A YAML file that could be read, with the position of everything in it. */
export interface YamlFile {
  /** Path as shown in messages. */
  readonly file: string;
  /** Content as plain data; undefined if it could not be parsed. */
  readonly data: unknown;
  /** Problems of the YAML itself. */
  readonly problems: readonly Problem[];
  /** `file:line:column` of the value at a path (or of its key), or of the nearest thing around it. */
  position(path: Path, atKey?: boolean): string;
}

/** What the parser's codes mean to the writer of the file. */
const words: Readonly<Record<string, string>> = {
  TAB_AS_INDENT: "YAML does not allow tabs as indentation; use spaces",
  DUPLICATE_KEY: "this key stands here twice; remove one of the two",
  MULTIPLE_DOCS: "the file holds several documents; remove the --- line",
  MISSING_CHAR: "a closing quote or bracket is missing",
  BLOCK_AS_IMPLICIT_KEY: 'a second ": " on one line; put the value in quotes or on its own line',
  BAD_SCALAR_START: "a value cannot start with this character; put it in quotes",
  BAD_INDENT: "the indentation does not fit, or a closing bracket is missing",
  TAG_RESOLVE_FAILED: "tags (!name) are not supported; write the plain value",
};

/** Shown path: relative to the project where the file is inside it. */
function shownPath(path: string, rootDir: string): string {
  const inside = relative(rootDir, path);
  return inside.startsWith("..") ? path : inside;
}

/** Reads and parses one YAML file; what is wrong comes back as problems, never as an exception. */
export function readYamlFile(path: string, rootDir: string): YamlFile {
  const file = shownPath(path, rootDir);
  const unreadable = whyUnreadable(path);
  if (unreadable !== undefined) {
    return {
      file,
      data: undefined,
      problems: [{ path: file, ...unreadable }],
      position: () => file,
    };
  }
  return parseYaml(file, readFileSync(path, "utf8"));
}

function whyUnreadable(path: string): Pick<Problem, "allowed" | "fix"> | undefined {
  if (!existsSync(path)) {
    return { allowed: "no such file" };
  }
  const stat = statSync(path);
  if (!stat.isFile()) {
    return { allowed: "not a file", fix: "name a YAML file" };
  }
  return stat.size > maxBytes
    ? { allowed: `larger than ${maxBytes} bytes`, fix: "name a fleet file" }
    : undefined;
}

/** Parses YAML text; `file` is the name that messages show. */
function parseYaml(file: string, text: string): YamlFile {
  const lines = new LineCounter();
  // Pretty errors quote the source, in which a secret may stand by mistake.
  const doc = parseDocument(text, { lineCounter: lines, prettyErrors: false, version: "1.2" });
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return `${file}:${line}:${col}`;
  };
  if (text.includes("\0")) {
    const problem = { path: file, allowed: "not a text file", fix: "name a YAML file" };
    return { file, data: undefined, problems: [problem], position: () => file };
  }
  const problems = distinct(
    [...doc.errors, ...doc.warnings].map((error) => ({
      path: file,
      allowed: words[error.code] ?? `not valid YAML: ${error.message}`,
      source: at(error.pos[0]),
    })),
  );
  // After a syntax error the rest of the document is a guess; a double key is no guess.
  const usable = doc.errors.every((error) => error.code === "DUPLICATE_KEY");
  const aliases = aliasProblem(doc, file, at);
  if (aliases !== undefined) {
    problems.push(aliases);
  }
  return {
    file,
    data:
      usable && aliases === undefined
        ? (doc.toJS({ maxAliasCount: maxAliases }) as unknown)
        : undefined,
    problems: usable ? problems : problems.slice(0, 5),
    position: (path, atKey = false) => {
      const node = locate(doc, path, atKey);
      return node?.range ? at(node.range[0]) : file;
    },
  };
}

/** The parser names one missing bracket once for every collection that it leaves open. */
function distinct(problems: readonly Problem[]): Problem[] {
  return [...new Map(problems.map((problem) => [formatProblem(problem), problem])).values()];
}

/** Unknown anchors and documents that explode; without those, conversion to plain data cannot throw. */
function aliasProblem(
  doc: Document.Parsed,
  file: string,
  at: (offset: number) => string,
): Problem | undefined {
  let first: string | undefined;
  let unknown: Problem | undefined;
  visit(doc, {
    Alias(_, node) {
      const source = at(node.range?.[0] ?? 0);
      first ??= source;
      if (unknown === undefined && node.resolve(doc) === undefined) {
        unknown = {
          path: file,
          allowed: `no anchor &${node.source} stands before this alias`,
          source,
        };
      }
    },
  });
  if (unknown !== undefined || first === undefined) {
    return unknown;
  }
  try {
    doc.toJS({ maxAliasCount: maxAliases });
    return undefined;
  } catch {
    const allowed = `aliases multiply the document, at most ${maxAliases} times is allowed`;
    return { path: file, allowed, fix: "write the values out", source: first };
  }
}

/** The node at a path, or the deepest one on the way to it. */
function locate(doc: Document.Parsed, path: Path, atKey: boolean): Node | undefined {
  let node: Node | undefined = doc.contents ?? undefined;
  for (const [depth, part] of path.entries()) {
    const holder: Node | undefined = isAlias(node) ? node.resolve(doc) : node;
    if (isSeq(holder) && typeof part === "number") {
      const item: unknown = holder.items[part];
      if (item === undefined) {
        return node;
      }
      node = item as Node;
    } else if (isMap(holder)) {
      const pair = holder.items.find(
        (item) => isPair(item) && isScalar(item.key) && String(item.key.value) === String(part),
      );
      if (pair === undefined) {
        return node;
      }
      const last = depth === path.length - 1;
      const key = pair.key as Node;
      node = last && atKey ? key : ((pair.value as Node | null) ?? key);
    } else {
      return node;
    }
  }
  return node;
}

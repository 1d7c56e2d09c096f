import { isObject, type Value } from "../../../toolchain/plugins/bridge/values.ts";

/** Kinds of value that differ from run to run. Addresses are not unique over time, the rest is. */
const KINDS = [
  { kind: "image and name", pattern: /^sha256:[0-9a-f]{64}\S+$/, unique: true },
  { kind: "digest", pattern: /^sha256:[0-9a-f]{64}$/, unique: true },
  { kind: "id", pattern: /^[0-9a-f]{64}$/, unique: true },
  { kind: "short id", pattern: /^[0-9a-f]{12}$/, unique: true },
  { kind: "subnet", pattern: /^\d+\.\d+\.\d+\.\d+\/\d+$/, unique: false },
  { kind: "address", pattern: /^(?!127\.)\d+\.\d+\.\d+\.\d+$/, unique: false },
  { kind: "MAC", pattern: /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/, unique: false },
] as const;

/**
 * What stands for what: values of a recording and of this run. A unique value that once stood for
 * another must go on doing so, in both directions.
 */
export class VolatileValues {
  readonly #known = new Map<string, string>();
  readonly #used = new Map<string, string>();
  /** Sizes of the networks of this run: the engine hands out smaller ones when others are taken. */
  readonly #prefixLengths = new Set<number>();

  /** Declares a pair from the start, such as a port or an image name. */
  declare(recorded: string, real: string): void {
    this.#known.set(recorded, real);
  }

  /** The recorded value with every known volatile part replaced by the real one. */
  translate<T>(recorded: T): T {
    let text = JSON.stringify(recorded);
    const longestFirst = [...this.#known].sort(([a], [b]) => b.length - a.length);
    for (const [from, to] of longestFirst) text = text.replaceAll(from, to);
    return JSON.parse(text) as T;
  }

  /** Differences between a translated recording and a real answer, by path; learns new pairs. */
  differences(recorded: Value, real: Value | undefined, path = ""): string[] {
    if (real === undefined) return [`${path}: missing, recorded ${JSON.stringify(recorded)}`];
    if (Array.isArray(recorded) && Array.isArray(real) && recorded.length === real.length) {
      return recorded.flatMap((item, i) => this.differences(item, real[i], `${path}[${i}]`));
    }
    if (isObject(recorded) && isObject(real)) {
      const names = [...new Set([...Object.keys(recorded), ...Object.keys(real)])];
      return names.flatMap((name) => {
        const wanted = recorded[name];
        const inner = `${path}.${name}`;
        if (wanted === undefined)
          return [`${inner}: not recorded, got ${JSON.stringify(real[name])}`];
        return this.differences(wanted, real[name], inner);
      });
    }
    if (recorded === real || this.#learn(recorded, real)) return [];
    if (path.endsWith(".ipPrefixLength") && this.#prefixLengths.has(Number(real))) return [];
    return [`${path}: recorded ${JSON.stringify(recorded)}, got ${JSON.stringify(real)}`];
  }

  #learn(recorded: Value, real: Value): boolean {
    if (typeof recorded !== "string" || typeof real !== "string") return false;
    const kind = KINDS.find(({ pattern }) => pattern.test(recorded));
    if (kind === undefined || !kind.pattern.test(real)) return false;
    if (kind.kind === "subnet") this.#prefixLengths.add(Number(real.split("/")[1]));
    if (!kind.unique) return true;
    if (this.#known.get(recorded) === real) return true;
    if (this.#known.has(recorded) || this.#used.has(real)) return false;
    this.#known.set(recorded, real);
    this.#used.set(real, recorded);
    return true;
  }
}

import { isDeepStrictEqual } from "node:util";

/** Version under which the world serves its resource types. */
export const worldVersion = "1.0.0";

type Values = Record<string, unknown>;

/** One object of the world. */
export interface WorldObject {
  readonly id: string;
  readonly urn: string;
  readonly type: string;
  readonly properties: Values;
}

/** A call that changes or reads the world; `phase` says whether its effect is already there. */
export interface WorldCall {
  readonly kind: "create" | "update" | "delete" | "read";
  readonly phase: "before" | "after";
  readonly urn: string;
  readonly id?: string;
}

/** The object was made or changed, but does not do its work. */
export class NotStarted extends Error {
  readonly id: string;
  readonly outputs: Record<string, unknown>;

  constructor(message: string, id: string, outputs: Record<string, unknown>) {
    super(message);
    this.name = "NotStarted";
    this.id = id;
    this.outputs = outputs;
  }
}

/** Signature of secrets in the plugin protocol. */
const signature = "4dabf18193072939515e22adb298388d";

/** Inputs whose change makes another object; of those, the ones of which two objects cannot have the same. */
const replacing = new Set(["name", "kind", "slot", "parentId"]);
const exclusive = new Set(["slot"]);

/**
 * A small world of objects: what a resource plugin manages, kept in memory.
 *
 * `world:index:Thing` has an id of its own and a generated name; `world:index:Named` is known by its name, so that it can
 * exist only once; `world:index:Note` lives in the state alone, always with the id `none`. A change of `slot` replaces
 * delete-first, since a slot holds one object. `size`, `refs` and `token` change in place.
 */
export class World {
  readonly objects = new Map<string, WorldObject>();
  /** Effects since the last `forget`, in order. */
  readonly log: string[] = [];
  /** Asked around every call; may wait, or throw to let the call fail. */
  onCall: (call: WorldCall) => Promise<void> = () => Promise.resolve();
  #serial = 0;

  /** Reads since the last `forget`: a refresh makes one per object. */
  reads = 0;

  forget(): void {
    this.reads = 0;
    this.log.length = 0;
  }

  /** What exists, without the ids: sorted, comparable. References to ids are shown as the URN of what they mean. */
  contents(): string[] {
    const names = new Map([...this.objects.values()].map(({ id, urn }) => [id, `<${urn}>`]));
    return [...this.objects.values()]
      .map(({ urn, properties }) => {
        const { serial: _serial, ...rest } = properties;
        return `${urn} ${JSON.stringify(renamed(rest, names))}`;
      })
      .sort();
  }

  /** As bridged plugins do: a name that they chose is noted as theirs, and kept only as long as that note is there. */
  check(type: string, urn: string, olds: Values, news: Values): Values {
    if (type.endsWith(":Note")) return news;
    if (news["name"] !== undefined) return { ...news, __defaults: [] };
    const noted = olds["__defaults"];
    const kept = Array.isArray(noted) && noted.includes("name") ? olds["name"] : undefined;
    return {
      ...news,
      name: kept ?? `${logicalName(urn)}-${this.#nextSerial()}`,
      __defaults: ["name"],
    };
  }

  /** Names of inputs that differ, and whether that means another object. */
  diff(oldInputs: Values, news: Values): { changed: string[]; replaces: string[]; first: boolean } {
    const all = new Set([...Object.keys(oldInputs), ...Object.keys(news)]);
    const keys = [...all].filter((key) => key !== "__defaults");
    const changed = keys.filter((key) => !isDeepStrictEqual(open(oldInputs[key]), open(news[key])));
    const replaces = changed.filter((key) => replacing.has(key));
    return { changed, replaces, first: replaces.some((key) => exclusive.has(key)) };
  }

  async create(
    type: string,
    urn: string,
    inputs: Values,
  ): Promise<{ id: string; outputs: Values }> {
    await this.onCall({ kind: "create", phase: "before", urn });
    const { __defaults: _noted, ...said } = inputs;
    const plain = open(said) as Values;
    if (plain["fail"] === "create") throw new Error(`${logicalName(urn)} cannot be made`);
    const serial = this.#nextSerial();
    const id = type.endsWith(":Note")
      ? "none"
      : type.endsWith(":Named")
        ? String(plain["name"])
        : `id-${serial}`;
    const outputs = { ...said, serial, made: wrapped(`${logicalName(urn)} made`) };
    if (id !== "none") {
      this.#refuseClash(urn, id, plain);
      this.objects.set(id, { id, urn, type, properties: { ...plain, serial } });
    }
    this.log.push(`create ${logicalName(urn)}`);
    await this.onCall({ kind: "create", phase: "after", urn, id });
    if (plain["fail"] === "start") {
      throw new NotStarted(`${logicalName(urn)} does not start`, id, outputs);
    }
    return { id, outputs };
  }

  async update(urn: string, id: string, olds: Values, news: Values): Promise<Values> {
    await this.onCall({ kind: "update", phase: "before", urn, id });
    const { __defaults: _noted, ...said } = news;
    const plain = open(said) as Values;
    if (plain["fail"] === "update") throw new Error(`${logicalName(urn)} cannot be changed`);
    const outputs: Values = { ...said, serial: olds["serial"], made: olds["made"] };
    if (id !== "none") {
      const object = this.objects.get(id);
      if (object === undefined) throw new Error(`${logicalName(urn)} ${id} is gone`);
      this.objects.set(id, {
        ...object,
        properties: { ...plain, serial: object.properties["serial"] },
      });
    }
    this.log.push(`update ${logicalName(urn)}`);
    await this.onCall({ kind: "update", phase: "after", urn, id });
    if (plain["fail"] === "restart") {
      throw new NotStarted(`${logicalName(urn)} does not restart`, id, outputs);
    }
    return outputs;
  }

  async read(urn: string, id: string, state: Values): Promise<Values | undefined> {
    await this.onCall({ kind: "read", phase: "before", urn, id });
    this.reads += 1;
    if (id === "none") return state;
    const object = this.objects.get(id);
    if (object === undefined) return undefined;
    return { ...sealed(object.properties), made: wrapped(`${logicalName(object.urn)} made`) };
  }

  async delete(urn: string, id: string): Promise<void> {
    await this.onCall({ kind: "delete", phase: "before", urn, id });
    if (id !== "none" && !this.objects.delete(id))
      throw new Error(`${logicalName(urn)} ${id} is gone`);
    this.log.push(`delete ${logicalName(urn)}`);
    await this.onCall({ kind: "delete", phase: "after", urn, id });
  }

  #refuseClash(urn: string, id: string, properties: Values): void {
    if (this.objects.has(id)) throw new Error(`${logicalName(urn)}: ${id} exists already`);
    const { slot } = properties;
    const holder = [...this.objects.values()].find((other) => other.properties["slot"] === slot);
    if (slot !== undefined && holder) {
      throw new Error(`${logicalName(urn)}: slot ${JSON.stringify(slot)} is held by ${holder.id}`);
    }
  }

  #nextSerial(): number {
    this.#serial += 1;
    return this.#serial;
  }
}

export function logicalName(urn: string): string {
  return urn.split("::").slice(3).join("::");
}

function wrapped(value: string): Values {
  return { [signature]: "1b47061264138c4ac30d75fd1eb44270", value };
}

/** Objects keep secrets as they are; whoever reads them wraps them again. */
function sealed(properties: Values): Values {
  const { token } = properties;
  return typeof token === "string" ? { ...properties, token: wrapped(token) } : properties;
}

/** Without the wrapping of secrets. */
function open(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(open);
  if (typeof value !== "object" || value === null) return value;
  const record = value as Values;
  if (signature in record && "value" in record) return open(record["value"]);
  return Object.fromEntries(Object.entries(record).map(([key, inner]) => [key, open(inner)]));
}

function renamed(value: unknown, names: ReadonlyMap<string, string>): unknown {
  if (typeof value === "string") return names.get(value) ?? value;
  if (Array.isArray(value)) return value.map((inner) => renamed(inner, names));
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1));
  return Object.fromEntries(entries.map(([key, inner]) => [key, renamed(inner, names)]));
}

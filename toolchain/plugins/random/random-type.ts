import type { Properties } from "../bridge/values.ts";

/** An input of a random resource. */
export interface RandomInput {
  readonly kind: "string" | "int" | "bool" | "map";
  readonly required?: boolean;
  /** Smallest allowed number. */
  readonly minimum?: number;
}

/** One kind of random value. A change of any input makes a new value. */
export interface RandomType {
  readonly token: string;
  readonly inputs: Readonly<Record<string, RandomInput>>;
  /** Schema version in `__meta`, where the official plugin writes one. */
  readonly schemaVersion?: string;
  readonly secrets: readonly string[];
  /** Inputs that the official plugin's raw state holds as null where they are absent. */
  readonly nullable: readonly string[];
  /** Outputs that only creation decides. */
  readonly decided: readonly string[];
  /** Outputs that follow from the inputs. */
  settle(inputs: Properties): Properties;
  /** What is wrong with the inputs taken together; by property. */
  problems(settled: Properties): Record<string, string>;
  create(settled: Properties): Promise<RandomValue>;
}

interface RandomValue {
  readonly id: string;
  readonly outputs: Properties;
}

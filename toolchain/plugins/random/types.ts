import { randomBytes } from "node:crypto";
import { hash } from "bcryptjs";
import type { Properties } from "../bridge/values.ts";
import {
  characterInputs,
  characterProblems,
  randomCharacters,
  settleCharacters,
} from "./characters.ts";
import type { RandomType } from "./random-type.ts";

/** Cost of the recorded hash of a password; the official plugin's. */
const BCRYPT_COST = 10;
/** Bytes of a password that bcrypt looks at; the official plugin hashes just these. */
const BCRYPT_BYTES = 72;

const characters = {
  inputs: characterInputs,
  nullable: ["keepers", "overrideSpecial"],
  settle: settleCharacters,
  problems: characterProblems,
};

export const randomPassword: RandomType = {
  ...characters,
  token: "random:index/randomPassword:RandomPassword",
  schemaVersion: "3",
  secrets: ["bcryptHash", "result"],
  decided: ["bcryptHash", "result"],
  async create(settled: Properties) {
    const result = randomCharacters(settled);
    const hashed = Buffer.from(result).subarray(0, BCRYPT_BYTES).toString();
    const bcryptHash = (await hash(hashed, BCRYPT_COST)).replace(/^\$2b\$/, "$2a$");
    // All passwords have the same id: an id is not secret, so it cannot hold the password.
    return { id: "none", outputs: { bcryptHash, result } };
  },
};

export const randomString: RandomType = {
  ...characters,
  token: "random:index/randomString:RandomString",
  schemaVersion: "2",
  secrets: [],
  decided: ["result"],
  create(settled: Properties) {
    const result = randomCharacters(settled);
    return Promise.resolve({ id: result, outputs: { result } });
  },
};

export const randomId: RandomType = {
  token: "random:index/randomId:RandomId",
  inputs: {
    byteLength: { kind: "int", required: true, minimum: 1 },
    keepers: { kind: "map" },
    prefix: { kind: "string" },
  },
  secrets: [],
  nullable: ["keepers", "prefix"],
  decided: ["b64Std", "b64Url", "dec", "hex"],
  settle: (inputs) => inputs,
  problems: () => ({}),
  create(settled: Properties) {
    const bytes = randomBytes(Number(settled.byteLength));
    const prefix = typeof settled.prefix === "string" ? settled.prefix : "";
    const outputs = {
      b64Std: prefix + bytes.toString("base64"),
      b64Url: prefix + bytes.toString("base64url"),
      dec: prefix + BigInt(`0x${bytes.toString("hex")}`).toString(),
      hex: prefix + bytes.toString("hex"),
    };
    return Promise.resolve({ id: bytes.toString("base64url"), outputs });
  },
};

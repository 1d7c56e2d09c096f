import { createHash } from "node:crypto";

/** The engine's Go library draws from ChaCha with eight rounds. */
const ROUNDS = 8;
/** Numbers that one pass of the generator yields before any key is mixed back in. */
const MAX_DIGITS = 8;

/**
 * Hex digits that follow from a seed exactly as the engine's own library derives them.
 *
 * Go's ChaCha8 generator runs four blocks side by side under the SHA-256 of the seed and interleaves
 * their words, so the n-th 64-bit number starts with word n/2 of block 0 or 2; the first four words
 * get no key added. 16 divides 2^64, so the lowest four bits of each number are the digit.
 *
 * @param count at most 8
 */
export function seededDigits(seed: Uint8Array, count: number): string {
  if (count > MAX_DIGITS) throw new RangeError(`got ${count} digits, at most ${MAX_DIGITS}`);
  const key = createHash("sha256").update(seed).digest();
  const blocks = [mixedBlock(key, 0), mixedBlock(key, 2)];
  let digits = "";
  for (let i = 0; i < count; i++) {
    const word = blocks[i % 2]?.[Math.floor(i / 2)] ?? 0;
    digits += (word & 15).toString(16);
  }
  return digits;
}

/** The ChaCha state of one block after its rounds, before the final addition. */
function mixedBlock(key: Buffer, counter: number): Uint32Array {
  const state = new Uint32Array(16);
  state.set([0x61707865, 0x3320646e, 0x79622d32, 0x6b206574]);
  for (let i = 0; i < 8; i++) state[4 + i] = key.readUInt32LE(i * 4);
  state[12] = counter;
  for (let round = 0; round < ROUNDS; round += 2) {
    for (let i = 0; i < 4; i++) quarter(state, i, 4 + i, 8 + i, 12 + i);
    for (let i = 0; i < 4; i++) {
      quarter(state, i, 4 + ((i + 1) % 4), 8 + ((i + 2) % 4), 12 + ((i + 3) % 4));
    }
  }
  return state;
}

function quarter(state: Uint32Array, a: number, b: number, c: number, d: number): void {
  const step = (x: number, y: number, z: number, bits: number) => {
    state[x] = (state[x] ?? 0) + (state[y] ?? 0);
    const mixed = (state[z] ?? 0) ^ (state[x] ?? 0);
    state[z] = (mixed << bits) | (mixed >>> (32 - bits));
  };
  step(a, b, d, 16);
  step(c, d, b, 12);
  step(a, b, d, 8);
  step(c, d, b, 7);
}

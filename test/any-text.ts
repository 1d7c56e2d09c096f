import fc from "fast-check";

/** A character of Unicode, halves of surrogate pairs left out: they are no text and do not survive UTF-8. */
const character = fc
  .oneof(fc.integer({ max: 0xd7ff, min: 0 }), fc.integer({ max: 0x10ffff, min: 0xe000 }))
  .map((code) => String.fromCodePoint(code));

/** What `unit: "binary"` makes too, after a second of tables for it. */
export const anyText = fc.string({ unit: character });

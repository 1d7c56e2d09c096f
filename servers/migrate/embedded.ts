/** One SQL file of a domain. */
export interface Migration {
  /** From the file name: `0001_books.sql` is version 1. */
  readonly version: number;
  /** File name without number and ending. */
  readonly name: string;
  /** `<folder>/<file>`, for messages. */
  readonly file: string;
  readonly sql: string;
  /** SHA-256 of the text, hex. */
  readonly checksum: string;
}

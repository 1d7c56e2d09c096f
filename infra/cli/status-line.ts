/** What is needed of a terminal's stream. */
export interface TerminalStream {
  write(text: string): unknown;
  readonly columns?: number;
}

/** One line that stands below all others and is drawn anew; only for terminals. */
export class StatusLine {
  readonly #stream: TerminalStream;
  #shown = "";

  constructor(stream: TerminalStream) {
    this.#stream = stream;
  }

  /** Prints text above the line. */
  readonly print = (text: string): void => {
    this.#stream.write(`${this.#shown && erase}${text}\n${this.#shown}`);
  };

  /** Draws the line, cut to the terminal's width; undefined takes it away. */
  readonly show = (text: string | undefined): void => {
    const line = (text ?? "").slice(0, (this.#stream.columns ?? 80) - 1);
    if (line === this.#shown) return;
    this.#stream.write(`${erase}${line}`);
    this.#shown = line;
  };
}

/** To the start of the line, then clear it. */
const erase = "\r\u001b[2K";
